/** How amounts and dates are written, with what the file shows of it. */
import { type ReactNode, useId, useState } from 'react';
import type { PreviewResponse } from '../../http/preview-response.ts';
import { dates as dateWords, numbers as words } from '../texts/formats.ts';
import type { Draft } from './draft.ts';
import { Evidence } from './evidence.tsx';

interface Props {
  /** With what the file shows, where the user has said nothing else. */
  draft: Draft;
  preview: PreviewResponse | undefined;
  isMissing: boolean;
  onChange: (changes: Partial<Draft>) => void;
}

export function NumberFields({ draft: { numbers = {} }, preview, isMissing, onChange }: Props) {
  const seen = preview?.evidence.numbers;
  const change = (changes: Draft['numbers']) => onChange({ numbers: { ...numbers, ...changes } });
  return (
    <Group title={words.title} missing={isMissing && words.missing}>
      <div className="row">
        <label>
          {words.decimal}
          <select
            value={isMissing ? '' : (numbers.decimal ?? '.')}
            aria-invalid={isMissing || undefined}
            onChange={({ target }) => change(forDecimal(target.value as '.' | ',', numbers))}
          >
            {isMissing && <option value="">{words.notYet}</option>}
            <Options of={words.decimals} />
          </select>
        </label>
        <label>
          {words.group}
          <select
            disabled={isMissing}
            value={numbers.group ?? ''}
            onChange={({ target }) => change({ group: target.value as keyof typeof words.groups })}
          >
            <Options of={words.groups} without={numbers.decimal ?? '.'} />
          </select>
        </label>
        <label title={words.currencyHelp}>
          {words.currency}
          <input
            className="currency"
            disabled={isMissing}
            value={numbers.currency ?? ''}
            maxLength={3}
            autoComplete="off"
            onChange={({ target }) => change({ currency: target.value.toUpperCase() || null })}
          />
        </label>
      </div>
      {seen && <Evidence seen={seen} />}
    </Group>
  );
}

/** The two signs are never the same. */
const forDecimal = (decimal: '.' | ',', { group = '' }: NonNullable<Draft['numbers']>): Draft['numbers'] => ({
  decimal,
  group: group === decimal ? '' : group,
});

const Options = ({ of, without }: { of: Record<string, string>; without?: string }) =>
  Object.entries(of).flatMap(([value, label]) =>
    value === without
      ? []
      : [
          <option key={value} value={value}>
            {label}
          </option>,
        ],
  );

export function DateFields({ draft, preview, isMissing, onChange }: Props) {
  const seen = preview?.evidence.dates;
  const patterns = draft.dates ?? [];
  const known = {
    iso: [],
    dayFirst: seen?.patterns.day_first ?? [],
    monthFirst: seen?.patterns.month_first ?? [],
  };
  const [isOther, setOther] = useState(false);
  const [typed, setTyped] = useState('');
  const way = (['iso', 'dayFirst', 'monthFirst'] as const).find(
    (one) => known[one].join('\n') === patterns.join('\n') && (one === 'iso' || patterns.length > 0),
  );
  const isTyped = isOther || way === undefined;
  const choose = (value: string) => {
    setOther(value === 'other');
    if (value === 'other') setTyped(patterns.join('\n'));
    else if (value !== '') onChange({ dates: known[value as keyof typeof known] });
  };
  const helpId = useId();
  return (
    <Group title={dateWords.title} missing={isMissing && dateWords.missing}>
      <div className="row">
        <label>
          {dateWords.form}
          <select
            value={isTyped ? 'other' : isMissing ? '' : way}
            aria-invalid={isMissing || undefined}
            onChange={({ target }) => choose(target.value)}
          >
            {isMissing && <option value="">{dateWords.notYet}</option>}
            <option value="iso">{dateWords.iso}</option>
            {known.dayFirst.length > 0 && (
              <option value="dayFirst">{dateWords.dayFirst(known.dayFirst.join(', '))}</option>
            )}
            {known.monthFirst.length > 0 && (
              <option value="monthFirst">{dateWords.monthFirst(known.monthFirst.join(', '))}</option>
            )}
            <option value="other">{dateWords.other}</option>
          </select>
        </label>
        {isTyped && (
          <label>
            {dateWords.patterns}
            <textarea
              rows={2}
              value={isOther ? typed : patterns.join('\n')}
              aria-describedby={helpId}
              spellCheck={false}
              onChange={({ target }) => {
                setOther(true);
                setTyped(target.value);
                onChange({ dates: target.value.split('\n').flatMap((line) => line.trim() || []) });
              }}
            />
          </label>
        )}
        <label title={dateWords.zoneHelp}>
          {dateWords.zone}
          <input
            value={draft.time_zone ?? ''}
            maxLength={100}
            placeholder="Europe/Berlin"
            autoComplete="off"
            onChange={({ target }) => onChange({ time_zone: target.value.trim() || null })}
          />
        </label>
      </div>
      {isTyped && (
        <p id={helpId} className="quiet">
          {dateWords.patternsHelp}
        </p>
      )}
      {seen && <Evidence seen={seen} />}
      {seen && seen.unreadable > 0 && <p className="quiet">{dateWords.unreadable(seen.unreadable)}</p>}
    </Group>
  );
}

export const Group = ({
  title,
  missing,
  children,
}: {
  title: string;
  missing?: string | false;
  children: ReactNode;
}) => (
  <fieldset className="format-group">
    <legend>{title}</legend>
    {missing && <p className="column-missing">{missing}</p>}
    {children}
  </fieldset>
);
