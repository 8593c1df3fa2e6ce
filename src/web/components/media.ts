/** Whether a media query matches, for what CSS cannot do alone. */
import { useMemo, useSyncExternalStore } from 'react';
import { flushSync } from 'react-dom';

export function useMedia(query: string): boolean {
  const { subscribe, matches } = useMemo(() => {
    const list = matchMedia(query);
    return {
      subscribe: (listener: () => void) => {
        // Synchronously, as printing does not wait for a later render.
        const change = () => flushSync(listener);
        list.addEventListener('change', change);
        return () => list.removeEventListener('change', change);
      },
      matches: () => list.matches,
    };
  }, [query]);
  return useSyncExternalStore(subscribe, matches);
}

/** Whether the page is being printed: then virtual lists must render all their rows. */
export const usePrinting = (): boolean => useMedia('print');
