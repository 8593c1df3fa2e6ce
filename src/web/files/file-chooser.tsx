/** Says what can be dropped, with a button to choose files instead, whether they are only tried, and when they stop. */
import './file-chooser.css';
import { addUploads, setUploadOptions, useUploadOptions } from '../api/upload.ts';
import { FileButton } from '../components/file-button.tsx';
import { UploadIcon } from '../layout/icons.tsx';
import { uploads } from '../texts/uploads.ts';
import { StopRule } from './stop-rule.tsx';

export function FileChooser() {
  const { dryRun } = useUploadOptions();
  return (
    <div className="file-chooser">
      <UploadIcon />
      <p className="file-chooser-words">
        <strong>{uploads.drop}</strong>
        <span className="quiet">{uploads.or}</span>
      </p>
      <label className="file-chooser-dry-run" title={uploads.dryRunHelp}>
        <input
          type="checkbox"
          checked={dryRun}
          onChange={({ target }) => setUploadOptions({ dryRun: target.checked })}
        />
        {uploads.dryRun}
      </label>
      <StopRule />
      <FileButton className="button-main" multiple inputLabel={uploads.chooser} onFiles={addUploads}>
        {uploads.choose}
      </FileButton>
    </div>
  );
}
