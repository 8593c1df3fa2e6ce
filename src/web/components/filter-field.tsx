/** A filter that is typed. What is typed counts when the typing pauses, at once with Enter or when the field is left. */
import './filter-field.css';
import { useEffect, useEffectEvent, useId, useRef, useState } from 'react';

const PAUSE_MS = 350;

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
  suggestions?: readonly { value: string; label?: string }[];
  className?: string;
}) {
  const [typed, setTyped] = useState(value);
  const filtered = useRef(value);
  const listId = useId();

  // The address changed under the field: by the way back, or because all filters were cleared.
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
      {suggestions && (
        <datalist id={listId}>
          {suggestions.map((suggestion) => (
            <option key={suggestion.value} value={suggestion.value}>
              {suggestion.label}
            </option>
          ))}
        </datalist>
      )}
    </>
  );
}
