/**
 * `/formats/{name}`: one format. Whoever may change it gets its fields, with a file to try them on; a preset, or what is copied, is saved
 * under another name.
 */
import '../files/file-page.css';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { FormatResponse } from '../../http/responses.ts';
import { sendJson } from '../api/client.ts';
import { type Sample, sampleOf } from '../api/columns.ts';
import { formatQuery } from '../api/queries.ts';
import { hasNothingToShow } from '../api/query-client.ts';
import { useMay } from '../api/session.ts';
import { FileButton } from '../components/file-button.tsx';
import { ProblemView } from '../components/problem-view.tsx';
import { Title } from '../layout/title.tsx';
import { formatsPage, formatPage as words } from '../texts/formats.ts';
import type { Draft } from './draft.ts';
import { FormatForm } from './format-form.tsx';
import { SaveFormat } from './save-format.tsx';
import { useDraft } from './use-draft.ts';

const route = getRouteApi('/formats/$name');

export function FormatPage() {
  const { name } = route.useParams();
  const { copy } = route.useSearch();
  const { data: format } = useQuery({
    ...formatQuery(name),
    // What is being changed is not replaced by what somebody else saves: the save says so.
    staleTime: Number.POSITIVE_INFINITY,
    throwOnError: hasNothingToShow,
  });
  if (!format) return <Title>{name}</Title>;
  const isCopy = copy !== undefined || format.preset;
  return <OneFormat key={`${name} ${isCopy}`} format={format} isCopy={isCopy} />;
}

function OneFormat({ format, isCopy }: { format: FormatResponse; isCopy: boolean }) {
  const { name, version } = format;
  const mayChange = useMay('files:write');
  const [sample, setSample] = useState<{ name: string; sample: Sample } | null>(null);
  const work = useDraft(sample?.sample ?? null, { draft: draftFrom(format, isCopy) });
  const choose = useMutation({
    mutationFn: async (file: File) => setSample({ name: file.name, sample: await sampleOf(file) }),
  });
  const queries = useQueryClient();
  const navigate = route.useNavigate();
  const save = useMutation({
    mutationFn: ({ as, isNew }: { as: string; isNew: boolean }) =>
      sendJson<FormatResponse>(
        'PUT',
        `/formats/${encodeURIComponent(as)}`,
        { ...work.draft, name: as },
        isNew ? {} : { 'if-match': `"${version}"` },
      ),
    onSuccess: (saved) => {
      queries.setQueryData(formatQuery(saved.name).queryKey, saved);
      void queries.invalidateQueries({ queryKey: formatsKey, exact: true });
      void navigate({ to: '/formats' });
    },
  });
  return (
    <>
      <Link to="/formats" className="file-back">
        {words.all}
      </Link>
      <Title>{isCopy && mayChange ? words.copyOf(name) : words.title(name)}</Title>
      {format.preset && <p>{words.preset}</p>}
      <p className="row format-sample-file">
        <a href={`/template.csv?format=${encodeURIComponent(name)}`} download>
          {formatsPage.template}
        </a>
        {mayChange && (
          <FileButton inputLabel={words.sample} onFiles={([file]) => file && choose.mutate(file)}>
            {words.choose}
          </FileButton>
        )}
        <span className="quiet">{sample ? words.triedOn(sample.name) : mayChange && words.sampleHelp}</span>
      </p>
      {choose.error && <ProblemView error={words.unreadable} />}
      <fieldset disabled={!mayChange} className="format-fields">
        <FormatForm work={work} />
      </fieldset>
      {mayChange && (
        <SaveFormat
          name={isCopy ? words.nameOfCopy(name) : name}
          isNamed={!isCopy}
          missing={work.missing}
          label={words.save}
          isPending={save.isPending}
          error={save.error}
          onSave={(as) => save.mutate({ as, isNew: isCopy || as !== name })}
        >
          <Link className="button" to="/formats">
            {words.leave}
          </Link>
        </SaveFormat>
      )}
    </>
  );
}

const formatsKey = ['formats'];

/** What of a format is said anew when it is saved. A copy has the header of no file yet: else a file would have two formats. */
function draftFrom(format: FormatResponse, isCopy: boolean): Draft {
  const { name: _, version: _v, preset: _p, hubs: _h, saved_at: _a, saved_by: _b, ...draft } = format;
  return isCopy ? { ...draft, header: { skip_rows: draft.header.skip_rows } } : draft;
}
