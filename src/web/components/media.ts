/** Whether a media query holds, for what a sheet of styles cannot do alone. */
import { useMemo, useSyncExternalStore } from 'react';
import { flushSync } from 'react-dom';

export function useMedia(query: string): boolean {
  const { subscribe, matches } = useMemo(() => {
    const list = matchMedia(query);
    return {
      subscribe: (listener: () => void) => {
        // At once, as a page that is about to be printed is not waited for.
        const change = () => flushSync(listener);
        list.addEventListener('change', change);
        return () => list.removeEventListener('change', change);
      },
      matches: () => list.matches,
    };
  }, [query]);
  return useSyncExternalStore(subscribe, matches);
}

/** A print lays the page out on paper: what is virtual on a screen has to be there. */
export const usePrinting = (): boolean => useMedia('print');
