/** Says what can be dropped, with a button to choose files instead, and whether they are only tried. */
import './file-chooser.css';
import { addUploads, setDryRuns, useDryRuns } from '../api/upload.ts';
import { FileButton } from '../components/file-button.tsx';
import { UploadIcon } from '../layout/icons.tsx';
import { uploads } from '../texts/uploads.ts';

export function FileChooser() {
  const dryRuns = useDryRuns();
  return (
    <div className="file-chooser">
      <UploadIcon />
      <p className="file-chooser-words">
        <strong>{uploads.drop}</strong>
        <span className="quiet">{uploads.or}</span>
      </p>
      <label className="file-chooser-dry-run" title={uploads.dryRunHelp}>
        <input type="checkbox" checked={dryRuns} onChange={({ target }) => setDryRuns(target.checked)} />
        {uploads.dryRun}
      </label>
      <FileButton className="button-main" multiple inputLabel={uploads.chooser} onFiles={addUploads}>
        {uploads.choose}
      </FileButton>
    </div>
  );
}
