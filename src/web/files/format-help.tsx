/** The format of an order file, the sample, and the commands for a terminal. */
import './format-help.css';
import { useMutation } from '@tanstack/react-query';
import type { StockResultsResponse } from '../../http/responses.ts';
import { ORDER_COLUMNS } from '../../model/columns.ts';
import { request, sendJson, Unreachable } from '../api/client.ts';
import { useMay } from '../api/session.ts';
import { addUploads } from '../api/upload.ts';
import { CopyButton } from '../components/copy-button.tsx';
import { ProblemView } from '../components/problem-view.tsx';
import { columnMeaning, format } from '../texts/files.ts';

const SAMPLE = 'sample_orders.csv';
const SAMPLE_STOCK = 'sample_stock.csv';

const download = async (name: string): Promise<Blob> => {
  const response = await fetch(`/${name}`).catch((error) => {
    throw new Unreachable(error);
  });
  return response.blob();
};

/** Stock that is already set does not change. Returns what was done, in words. */
async function addMissingStock(csv: Blob): Promise<string> {
  const init = { method: 'PUT', headers: { 'content-type': 'text/csv' }, body: csv };
  const { results } = await request<StockResultsResponse>('/inventory?dry_run=true', init);
  const missing = results.filter(({ from }) => from === null);
  if (missing.length > 0) {
    const items = missing.map(({ sku, hub_id, available }) => ({ sku, hub_id, available }));
    await sendJson<StockResultsResponse>('PUT', '/inventory', { items });
  }
  return format.sampleStock(missing.length, results.length - missing.length);
}

export function SampleButton() {
  const sample = useMutation({
    mutationFn: async () => {
      const orders = await download(SAMPLE);
      const note = await addMissingStock(await download(SAMPLE_STOCK));
      addUploads([new File([orders], SAMPLE, { type: 'text/csv' })], null, note);
    },
  });
  const maySetStock = useMay('stock:write');
  return (
    <div className="row format-sample">
      {maySetStock && (
        <button type="button" disabled={sample.isPending} onClick={() => sample.mutate()}>
          {format.sample}
        </button>
      )}
      <a href={`/${SAMPLE}`} download={SAMPLE}>
        {format.download}
      </a>
      <span className="quiet">{format.sampleHelp}</span>
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
