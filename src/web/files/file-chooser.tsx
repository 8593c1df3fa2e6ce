/** Says what can be dropped, with a button to choose files instead. */
import './file-chooser.css';
import { addUploads } from '../api/upload.ts';
import { FileButton } from '../components/file-button.tsx';
import { UploadIcon } from '../layout/icons.tsx';
import { uploads } from '../texts/uploads.ts';

export const FileChooser = () => (
  <div className="file-chooser">
    <UploadIcon />
    <p className="file-chooser-words">
      <strong>{uploads.drop}</strong>
      <span className="quiet">{uploads.or}</span>
    </p>
    <FileButton className="button-main" multiple inputLabel={uploads.chooser} onFiles={addUploads}>
      {uploads.choose}
    </FileButton>
  </div>
);
