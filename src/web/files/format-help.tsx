/** What a file has to look like, the sample, and the same ways by command, for those who have no file yet or no wish for a page. */
import './format-help.css';
import { useMutation } from '@tanstack/react-query';
import { ORDER_COLUMNS } from '../../model/columns.ts';
import { Unreachable } from '../api/client.ts';
import { addUploads } from '../api/upload.ts';
import { CopyButton } from '../components/copy-button.tsx';
import { ProblemView } from '../components/problem-view.tsx';
import { columnMeaning, format } from '../texts.ts';

const SAMPLE = 'sample_orders.csv';

export function SampleButton() {
  const sample = useMutation({
    mutationFn: async () => {
      const response = await fetch(`/${SAMPLE}`).catch((error) => {
        throw new Unreachable(error);
      });
      addUploads([new File([await response.blob()], SAMPLE, { type: 'text/csv' })]);
    },
  });
  return (
    <div className="row format-sample">
      <button type="button" disabled={sample.isPending} onClick={() => sample.mutate()}>
        {format.sample}
      </button>
      <a href={`/${SAMPLE}`} download={SAMPLE}>
        {format.download}
      </a>
      {sample.error && <ProblemView error={sample.error} />}
    </div>
  );
}

export function FormatHelp() {
  const commands = format.curl(location.origin);
  return (
    <div className="format-help">
      <section>
        <h3>{format.columnsTitle}</h3>
        <p className="quiet">{format.columns}</p>
        <dl className="format-columns">
          {ORDER_COLUMNS.map((column) => (
            <div key={column}>
              <dt>
                <code>{column}</code>
              </dt>
              <dd className="quiet">{columnMeaning[column]}</dd>
            </div>
          ))}
        </dl>
      </section>
      <section>
        <h3>{format.curlTitle}</h3>
        <pre>{commands}</pre>
        <CopyButton text={commands} label={format.curlLabel} />
      </section>
    </div>
  );
}
