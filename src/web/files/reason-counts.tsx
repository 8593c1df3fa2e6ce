/** How many rows failed for each reason. Each links to its rows. */
import { Link } from '@tanstack/react-router';
import type { FileResponse } from '../../http/responses.ts';
import { REASON_CODES, type ReasonCode } from '../../model/rejection.ts';
import { formatNumber } from '../components/number.tsx';
import { reason } from '../texts/codes.ts';
import { filePage } from '../texts/file.ts';

export function ReasonCounts({
  file,
  chosen,
  onChoose,
}: {
  file: FileResponse;
  chosen: ReasonCode | undefined;
  onChoose: () => void;
}) {
  const counts = REASON_CODES.map((code) => [code, file.invalid_by_code[code] ?? 0] as const)
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a);
  const most = counts[0]?.[1] ?? 1;
  const show = (code: ReasonCode | undefined, words: string, count: number, share: number) => (
    <li key={words}>
      <Link
        to="/files/$fileId"
        params={{ fileId: file.file_id }}
        search={{ code }}
        resetScroll={false}
        className="reason"
        onClick={onChoose}
        activeOptions={{ exact: true }}
        aria-current={code === chosen ? 'page' : undefined}
      >
        <span className="reason-words">{words}</span>
        <span className="reason-count number">{formatNumber(count)}</span>
        <span className="reason-bar" style={{ inlineSize: `${share * 100}%` }} />
      </Link>
    </li>
  );
  return (
    <section className="panel" aria-labelledby="why">
      <h2 id="why">{filePage.why}</h2>
      <p className="quiet">{filePage.whyHelp}</p>
      <ul className="reasons">
        {counts.map(([code, count]) => show(code, reason[code], count, count / most))}
        {show(undefined, filePage.everyReason, file.progress.invalid, 0)}
      </ul>
    </section>
  );
}
