/**
 * `/columns`: what the columns of a dropped file are. What is confirmed is saved as a format; the file is uploaded with it, and so are
 * all others of this tab that have the same header. Then the next header is asked for, if there is one.
 */
import '../files/file-page.css';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import type { FormatResponse } from '../../http/responses.ts';
import { sendJson } from '../api/client.ts';
import {
  dismissUpload,
  headerOf,
  isUnfamiliar,
  type UnfamiliarUpload,
  uploadByFormat,
  useUploads,
} from '../api/upload.ts';
import { EmptyState } from '../components/empty-state.tsx';
import { Title } from '../layout/title.tsx';
import { columnsPage as words } from '../texts/formats.ts';
import { frame } from '../texts/page.ts';
import { nameFrom } from './draft.ts';
import { FormatForm } from './format-form.tsx';
import { SaveFormat } from './save-format.tsx';
import { useAsked } from './use-ask-columns.ts';
import { useDraft } from './use-draft.ts';

export function ColumnsPage() {
  const waiting = useUploads().filter(isUnfamiliar);
  const [asked] = waiting;
  useAsked(waiting);
  if (!asked)
    return (
      <>
        <Title>{words.none}</Title>
        <EmptyState title={words.none}>
          <p>{words.noneHelp}</p>
          <Link to="/">{frame.toFiles}</Link>
        </EmptyState>
      </>
    );
  const alike = waiting.filter((one) => headerOf(one) === headerOf(asked));
  return (
    <AskColumns
      key={asked.key}
      asked={asked}
      keys={alike.map(({ key }) => key)}
      isLast={alike.length === waiting.length}
    />
  );
}

function AskColumns({ asked, keys, isLast }: { asked: UnfamiliarUpload; keys: string[]; isLast: boolean }) {
  const { key, file, parentFileId, state } = asked;
  const preset = state.preview.fit === 'preset' ? String(state.preview.format.name) : null;
  const work = useDraft(state.sample, { preview: state.preview });
  const navigate = useNavigate();
  const queries = useQueryClient();
  const leave = () => {
    if (!isLast) return;
    if (parentFileId === null) void navigate({ to: '/', replace: true });
    else void navigate({ to: '/files/$fileId', params: { fileId: parentFileId }, replace: true });
  };
  const save = useMutation({
    mutationFn: (name: string) =>
      sendJson<FormatResponse>('PUT', `/formats/${encodeURIComponent(name)}`, { ...work.draft, name }),
    onSuccess: (_, name) => {
      void queries.invalidateQueries({ queryKey: ['formats'] });
      leave();
      uploadByFormat(keys, name);
    },
  });
  return (
    <>
      <Title>{words.title(file.name)}</Title>
      <p>{preset ? words.preset(preset) : words.help}</p>
      {keys.length > 1 && <p>{words.others(keys.length - 1)}</p>}
      <FormatForm work={work} />
      <SaveFormat
        name={preset ? words.nameOfPresets(preset) : nameFrom(file.name)}
        missing={work.missing}
        label={words.save(keys.length)}
        isPending={save.isPending}
        error={save.error}
        onSave={save.mutate}
      >
        <button
          type="button"
          onClick={() => {
            leave();
            dismissUpload(key);
          }}
        >
          {words.leave}
        </button>
      </SaveFormat>
    </>
  );
}
