/** A draft of a format, and how the first rows of a sample would be read by it: asked again when what is said has not changed for a moment. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useId, useState } from 'react';
import type { PreviewResponse } from '../../http/preview-response.ts';
import { askPreview, type Sample } from '../api/columns.ts';
import { completed, type Draft, draftOf, missingIn, said } from './draft.ts';

const PAUSE_MS = 300;

export interface DraftInWork {
  /** Complete but for what is missing. */
  draft: Draft;
  preview: PreviewResponse | undefined;
  /** What was proposed first. */
  suggestion: PreviewResponse | null;
  missing: PreviewResponse['missing'];
  change: (changes: Partial<Draft>) => void;
  /** Other bytes stand for other columns: with a sample all but this is looked for anew. */
  readAs: (changes: Pick<Draft, 'encoding' | 'delimiter' | 'header'>) => void;
  isBusy: boolean;
  error: Error | null;
}

/** `first`: the preview that the draft begins with, or a draft. */
export function useDraft(sample: Sample | null, first: { preview: PreviewResponse } | { draft: Draft }): DraftInWork {
  const given = 'preview' in first ? first.preview : null;
  const [suggestion, suggest] = useState(given);
  const [own, say] = useState<Draft>('draft' in first ? first.draft : draftOf(first.preview));
  const [initial] = useState(own);
  const [asked, ask] = useState(own);
  useEffect(() => {
    const pause = setTimeout(ask, PAUSE_MS, own);
    return () => clearTimeout(pause);
  }, [own]);
  const id = useId();
  const query = useQuery({
    queryKey: ['preview', id, sample?.bytes.size, asked],
    queryFn: ({ signal }) => askPreview(sample!, said(asked), signal),
    // The first preview is there already.
    enabled: sample !== null && (given === null || asked !== initial),
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchOnWindowFocus: false,
  });
  const preview = query.data ?? given ?? undefined;
  useEffect(() => {
    // The bytes were read anew.
    if (own.columns !== undefined || query.isPlaceholderData || asked !== own || !query.data) return;
    const { header: _, ...found } = draftOf({ ...query.data, fit: 'suggested' });
    suggest(query.data);
    say({ ...found, ...own, columns: found.columns ?? {} });
  }, [own, asked, query.data, query.isPlaceholderData]);
  const draft = completed(own, preview);
  return {
    ...{ draft, preview, suggestion, missing: missingIn(own, preview) },
    change: (changes) => say((before) => ({ ...before, ...changes })),
    readAs: (changes) => {
      if (sample === null) {
        say({ ...own, ...changes, header: { ...own.header, ...changes.header } });
        return;
      }
      const { encoding, delimiter } = { ...draft, ...changes };
      // A row that is named as the header is cut at the delimiter that the file has; it may show none itself.
      const cut = delimiter ?? (changes.header && preview?.delimiter);
      say({
        ...(encoding && { encoding }),
        ...(cut && { delimiter: cut }),
        ...(changes.header && { header: changes.header }),
      });
    },
    isBusy: query.isFetching || asked !== own,
    error: query.error,
  };
}
