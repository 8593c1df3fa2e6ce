/** The field for the stop rule of the next uploads. What is no rule is said, and not sent. */
import { useId, useState } from 'react';
import { setUploadOptions, useUploadOptions } from '../api/upload.ts';
import { uploads } from '../texts/uploads.ts';

/** As the service takes it, with spaces. */
const FORM = ' *([1-9][0-9]{0,8}|[0-9]{1,3}([.][0-9]{1,2})? *%) *';

export function StopRule() {
  const { stopAtInvalid } = useUploadOptions();
  const [typed, setTyped] = useState(stopAtInvalid);
  const helpId = useId();
  const rule = typed.replaceAll(' ', '');
  const isWrong = rule !== '' && rule !== stopAtInvalid;
  return (
    <div className="stop-rule">
      <label>
        {uploads.stopAt}
        <input
          value={typed}
          pattern={FORM}
          placeholder={uploads.stopAtExample}
          autoComplete="off"
          aria-describedby={helpId}
          aria-invalid={isWrong || undefined}
          onChange={({ target }) => {
            setTyped(target.value);
            setUploadOptions({ stopAtInvalid: target.validity.valid ? target.value.replaceAll(' ', '') : '' });
          }}
        />
      </label>
      <p id={helpId} className={isWrong ? 'stop-rule-wrong' : 'quiet'} role={isWrong ? 'alert' : undefined}>
        {isWrong ? uploads.stopAtWrong : uploads.stopAtHelp}
      </p>
    </div>
  );
}
