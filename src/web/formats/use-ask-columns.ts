/** Leads to the question about columns as soon as there is one, once for each file: who goes back from it is not sent there again. */
import { useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import { isUnfamiliar, type Upload, useUploads } from '../api/upload.ts';

const asked = new Set<string>();

export function useAskColumns(): void {
  const navigate = useNavigate();
  const uploads = useUploads();
  useEffect(() => {
    if (uploads.some((upload) => isUnfamiliar(upload) && !asked.has(upload.key))) void navigate({ to: '/columns' });
  }, [uploads, navigate]);
}

/** For the question itself. */
export function useAsked(uploads: readonly Upload[]): void {
  useEffect(() => {
    for (const { key } of uploads) asked.add(key);
  });
}
