/** The facts of the file itself. */
import type { ReactNode } from 'react';
import type { FileResponse } from '../../http/responses.ts';
import { CopyButton } from '../components/copy-button.tsx';
import { formatDuration, secondsBetween } from '../components/duration.ts';
import { formatBytes, formatNumber } from '../components/number.tsx';
import { Time } from '../components/time.tsx';
import { filePage } from '../texts/file.ts';

export function FileFacts({ file }: { file: FileResponse }) {
  const { intake, started_at, finished_at } = file;
  return (
    <section className="panel" aria-labelledby="facts">
      <h2 id="facts">{filePage.facts}</h2>
      <dl className="facts">
        <Fact name={filePage.created}>
          <Time iso={file.created_at} />
        </Fact>
        <Fact name={filePage.started}>{started_at ? <Time iso={started_at} /> : filePage.never}</Fact>
        <Fact name={filePage.finished}>{finished_at ? <Time iso={finished_at} /> : filePage.never}</Fact>
        {started_at && finished_at && (
          <Fact name={filePage.duration}>{formatDuration(secondsBetween(started_at, finished_at))}</Fact>
        )}
        <Fact name={filePage.attempts}>{filePage.attemptsText(file.attempts)}</Fact>
        <Fact name={filePage.readAs}>{intake ? intakeWords(intake) : filePage.notOpened}</Fact>
        {file.format && (
          <Fact name={filePage.format}>
            {file.format.name} <span className="quiet">{filePage.version(file.format.version)}</span>
          </Fact>
        )}
        {file.stop_at_invalid && <Fact name={filePage.stopsAt}>{filePage.invalidRows(file.stop_at_invalid)}</Fact>}
        <Fact name={filePage.size}>
          <span title={`${formatNumber(file.size_bytes)} bytes`}>{formatBytes(file.size_bytes)}</span>
        </Fact>
        <Fact name={filePage.id} text={file.file_id} />
        <Fact name={filePage.sha256} text={file.sha256} />
      </dl>
    </section>
  );
}

/** `text` is shown as code with a button to copy it. */
const Fact = ({ name, text, children }: { name: string; text?: string; children?: ReactNode }) => (
  <div className="fact">
    <dt>{name}</dt>
    <dd>
      {children}
      {text && (
        <>
          <code title={text}>{text}</code>
          <CopyButton text={text} label={name} />
        </>
      )}
    </dd>
  </div>
);

function intakeWords({ encoding, delimiter, gzip, bom }: NonNullable<FileResponse['intake']>): string {
  const words = [filePage.encoding[encoding] ?? encoding, filePage.delimiter[delimiter]];
  if (gzip) words.push(filePage.gzip);
  if (bom) words.push(filePage.bom);
  return words.join(', ');
}
