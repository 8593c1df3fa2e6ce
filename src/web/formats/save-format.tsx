/** The name of a format and the button that saves it, which says what is still missing. */
import { type ReactNode, useState } from 'react';
import type { PreviewResponse } from '../../http/preview-response.ts';
import { ProblemView } from '../components/problem-view.tsx';
import { stillMissing, columnsPage as words } from '../texts/formats.ts';
import { NameField, useWrongName } from './name-field.tsx';

export function SaveFormat({
  name: proposed,
  isNamed = false,
  missing,
  label,
  isPending,
  error,
  onSave,
  children,
}: {
  name: string;
  /** It is saved under its own name, which cannot be changed. */
  isNamed?: boolean;
  missing: PreviewResponse['missing'];
  label: string;
  isPending: boolean;
  error: Error | null;
  onSave: (name: string) => void;
  /** What else can be done. */
  children: ReactNode;
}) {
  const [typed, setName] = useState(proposed);
  const name = isNamed ? proposed : typed;
  const [isTried, setTried] = useState(false);
  const wrong = useWrongName(name);
  return (
    <form
      className="panel format-save"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (missing.length === 0 && wrong === null) onSave(name);
      }}
    >
      {!isNamed && <NameField name={name} onChange={setName} />}
      <div className="row">
        <button type="submit" className="button-main" disabled={isPending}>
          {isPending ? words.saving : label}
        </button>
        {children}
      </div>
      {isTried && missing.length > 0 && <ProblemView error={stillMissing(missing)} />}
      {error && <ProblemView error={error} />}
    </form>
  );
}
