/** Warnings: allowed, but suspicious. */
import type { FileResponse } from '../../http/responses.ts';
import { warning } from '../texts/codes.ts';
import { filePage } from '../texts/file.ts';

export const FileWarnings = ({ warnings }: Pick<FileResponse, 'warnings'>) => (
  <section className="panel" aria-labelledby="warnings">
    <h2 id="warnings">{filePage.warnings}</h2>
    <p className="quiet">{filePage.warningsHelp}</p>
    <ul>
      {warnings.map(({ code, count, row }) => (
        <li key={code}>
          {warning[code]} <span className="quiet">{filePage.warned(count, row)}</span>
        </li>
      ))}
    </ul>
  </section>
);
