/** Leads to the question about columns as soon as there is one, once for each file: who goes back from it is not sent there again. */
import { useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import { isUnfamiliar, useUploads } from '../api/upload.ts';

const asked = new Set<string>();

export function useAskColumns(): void {
  const navigate = useNavigate();
  const uploads = useUploads();
  useEffect(() => {
    const fresh = uploads.filter((upload) => isUnfamiliar(upload) && !asked.has(upload.key));
    if (fresh.length === 0) return;
    for (const { key } of fresh) asked.add(key);
    void navigate({ to: '/columns' });
  }, [uploads, navigate]);
}
