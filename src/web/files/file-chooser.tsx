/** The place that says what can be dropped, with a button for those who choose files in a dialog of the system. */
import './file-chooser.css';
import { useRef } from 'react';
import { addUploads } from '../api/upload.ts';
import { UploadIcon } from '../layout/icons.tsx';
import { uploads } from '../texts.ts';

export function FileChooser() {
  const input = useRef<HTMLInputElement>(null);
  return (
    <div className="file-chooser">
      <UploadIcon />
      <p className="file-chooser-words">
        <strong>{uploads.drop}</strong>
        <span className="quiet">{uploads.or}</span>
      </p>
      <button type="button" className="button-main" onClick={() => input.current?.click()}>
        {uploads.choose}
      </button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label={uploads.chooser}
        onChange={({ currentTarget }) => {
          addUploads(currentTarget.files ?? []);
          // So that the same file can be chosen again.
          currentTarget.value = '';
        }}
      />
    </div>
  );
}
