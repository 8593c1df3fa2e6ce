/** A filter that is typed. It applies when the typing pauses, or immediately with Enter or when the field loses the focus. */
import './filter-field.css';
import { useEffect, useEffectEvent, useId, useRef, useState } from 'react';

const PAUSE_MS = 350;

interface Suggestion {
  value: string;
  label?: string;
}

export function FilterField({
  label,
  value,
  onFilter,
  type = 'text',
  hint,
  suggestions,
  className,
}: {
  label: string;
  /** Empty for no filter. */
  value: string;
  onFilter: (value: string) => void;
  type?: 'text' | 'search' | 'date';
  hint?: string;
  suggestions?: readonly Suggestion[];
  className?: string;
}) {
  const { typed, setTyped, filter } = useTyping(value, onFilter);
  const listId = useId();
  return (
    <>
      <label className={className}>
        {label}
        <input
          type={type}
          value={typed}
          placeholder={hint}
          maxLength={500}
          max={type === 'date' ? '9999-12-30' : undefined}
          autoComplete="off"
          spellCheck={false}
          list={suggestions ? listId : undefined}
          onChange={(event) => setTyped(event.target.value)}
          onBlur={filter}
          onKeyDown={(event) => event.key === 'Enter' && filter()}
        />
      </label>
      {suggestions && <Suggestions id={listId} all={suggestions} />}
    </>
  );
}

/** What is typed so far, and `filter` to apply it without waiting for a pause. */
function useTyping(value: string, onFilter: (value: string) => void) {
  const [typed, setTyped] = useState(value);
  const filtered = useRef(value);

  // The address changed under the field: the user went back, or cleared all filters.
  useEffect(() => {
    if (value === filtered.current) return;
    filtered.current = value;
    setTyped(value);
  }, [value]);

  const filter = () => {
    const next = typed.trim();
    if (next === filtered.current) return;
    filtered.current = next;
    onFilter(next);
  };
  const onPause = useEffectEvent(filter);
  useEffect(() => {
    if (typed.trim() === filtered.current) return;
    const pause = setTimeout(onPause, PAUSE_MS);
    return () => clearTimeout(pause);
  }, [typed]);
  return { typed, setTyped, filter };
}

const Suggestions = ({ id, all }: { id: string; all: readonly Suggestion[] }) => (
  <datalist id={id}>
    {all.map(({ value, label }) => (
      <option key={value} value={value}>
        {label}
      </option>
    ))}
  </datalist>
);
