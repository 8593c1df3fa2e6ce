/** `/formats`: how the files of shops and senders are read: those that come with the service, and those that were saved. */
import '../components/list.css';
import './formats.css';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { FormatResponse } from '../../http/responses.ts';
import { formatsQuery } from '../api/queries.ts';
import { hasNothingToShow } from '../api/query-client.ts';
import { useMay } from '../api/session.ts';
import { DataTable } from '../components/data-table.tsx';
import { Time } from '../components/time.tsx';
import { Title } from '../layout/title.tsx';
import { formatsPage as words } from '../texts/formats.ts';
import { frame } from '../texts/page.ts';
import { DeleteFormat } from './delete-format.tsx';
import { columnsOf } from './draft.ts';

export function FormatsPage() {
  const { data } = useQuery({ ...formatsQuery(), throwOnError: hasNothingToShow });
  const mayChange = useMay('files:write');
  const [toDelete, askToDelete] = useState<FormatResponse | null>(null);
  return (
    <>
      <Title>{frame.formats}</Title>
      <p>{words.help}</p>
      {!data && <p className="quiet">{frame.loading}</p>}
      {data && (
        <div className="list-panel">
          <DataTable
            caption={words.caption}
            rows={data.items}
            keyOf={({ name }) => name}
            cardsBelow={60}
            columns={[
              { header: words.name, cell: (format) => <Name format={format} /> },
              { header: words.columns, cell: (format) => <Columns format={format} /> },
              { header: words.saved, cell: (format) => <Saved format={format} /> },
              {
                header: words.actions,
                cell: (format) => (
                  <Actions format={format} mayChange={mayChange} onDelete={() => askToDelete(format)} />
                ),
              },
            ]}
          />
        </div>
      )}
      {data && data.next_cursor !== null && <p className="quiet">{words.more}</p>}
      <DeleteFormat format={toDelete} onClose={() => askToDelete(null)} />
    </>
  );
}

const Name = ({ format: { name } }: { format: FormatResponse }) => (
  <Link to="/formats/$name" params={{ name }}>
    {name}
  </Link>
);

const Columns = ({ format }: { format: FormatResponse }) => (
  <span className="quiet format-columns-used">{columnsOf({ ...format, header: {} }).join(', ')}</span>
);

const Saved = ({ format: { version, saved_at, saved_by } }: { format: FormatResponse }) => (
  <span>
    {saved_at === null ? (
      words.preset
    ) : (
      <>
        <Time iso={saved_at} />{' '}
        <span className="quiet">
          {words.version(version)} {saved_by !== null && words.by(saved_by)}
        </span>
      </>
    )}
  </span>
);

const Actions = ({
  format: { name, preset },
  mayChange,
  onDelete,
}: {
  format: FormatResponse;
  mayChange: boolean;
  onDelete: () => void;
}) => (
  <span className="format-actions">
    <a href={`/template.csv?format=${encodeURIComponent(name)}`} download aria-label={words.templateOf(name)}>
      {words.template}
    </a>
    {mayChange && (
      <Link to="/formats/$name" params={{ name }} search={{ copy: 'true' }} aria-label={words.copyOf(name)}>
        {words.copy}
      </Link>
    )}
    {mayChange && !preset && (
      <button type="button" className="button-danger" aria-label={words.deleteOf(name)} onClick={onDelete}>
        {words.delete}
      </button>
    )}
  </span>
);
