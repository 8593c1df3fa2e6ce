/**
 * Progress is reported for each step that is stored, which may take seconds on a slow order store. How far the next step is, is not
 * known, so the bar stays where it is true. What moves each second is how long the next step has been running.
 */
import { useEffect, useState } from 'react';
import type { FileResponse } from '../../http/responses.ts';
import { useConnectionLostAt } from '../api/connection.ts';

/** Whole seconds since this page saw the file move; 0 for a file that is not in work, or while the service cannot be reached. */
export function useStepSeconds({ status, progress: { rows, percent } }: FileResponse): number {
  const inWork = useConnectionLostAt() === null && status === 'processing';
  const step = inWork ? `${rows} ${percent}` : null;
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    setSeconds(0);
    if (step === null) return;
    const startMs = performance.now();
    const timer = setInterval(() => setSeconds(Math.round((performance.now() - startMs) / 1_000)), 1_000);
    return () => clearInterval(timer);
  }, [step]);
  return seconds;
}
