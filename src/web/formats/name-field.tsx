/** The name that a format is saved under, and what it would replace. */
import { useQuery } from '@tanstack/react-query';
import { useId } from 'react';
import { formatsQuery } from '../api/queries.ts';
import { columnsPage as words } from '../texts/formats.ts';

/** As the service takes it. */
const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** Why the name cannot be taken; null when it can. */
export function useWrongName(name: string): string | null {
  const { data } = useQuery(formatsQuery());
  if (!NAME.test(name)) return words.nameWrong;
  return data?.items.some((format) => format.preset && format.name === name) ? words.nameOfPreset : null;
}

export function NameField({ name, onChange }: { name: string; onChange: (name: string) => void }) {
  const { data } = useQuery(formatsQuery());
  const wrong = useWrongName(name);
  const isTaken = data?.items.some((format) => format.name === name) ?? false;
  const id = useId();
  return (
    <div className="format-name">
      <label htmlFor={id}>{words.name}</label>
      <input
        id={id}
        value={name}
        maxLength={64}
        autoComplete="off"
        spellCheck={false}
        aria-describedby={`${id}-help`}
        aria-invalid={wrong !== null || undefined}
        onChange={({ target }) => onChange(target.value)}
      />
      <p id={`${id}-help`} className={wrong ? 'column-missing' : 'quiet'}>
        {wrong ?? (isTaken ? words.nameTaken(name) : words.nameHelp)}
      </p>
    </div>
  );
}
