/**
 * Light or dark: the system's choice until somebody uses the toggle, which is then remembered in this browser. It goes round: the
 * other than the system's, the same as the system's whatever becomes of that, and the system's choice again.
 */
import { useSyncExternalStore } from 'react';

type Theme = 'light' | 'dark';
const KEY = 'oms-theme';
const system = matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();

const remembered = localStorage.getItem(KEY);
let chosen: Theme | null = remembered === 'light' || remembered === 'dark' ? remembered : null;

// Asked for once: whoever asks in the moment in which it changes takes the event of the change from all others.
let ofSystem: Theme = system.matches ? 'dark' : 'light';
const current = (): Theme => chosen ?? ofSystem;

function apply(): void {
  document.documentElement.dataset.theme = current();
  for (const listener of listeners) listener();
}
apply();
system.addEventListener('change', ({ matches }) => {
  ofSystem = matches ? 'dark' : 'light';
  apply();
});

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function next(): Theme | null {
  if (chosen === null) return ofSystem === 'dark' ? 'light' : 'dark';
  return chosen === ofSystem ? null : ofSystem;
}

export function toggleTheme(): void {
  chosen = next();
  if (chosen) localStorage.setItem(KEY, chosen);
  else localStorage.removeItem(KEY);
  apply();
}

export const useTheme = (): Theme => useSyncExternalStore(subscribe, current);

/** What the toggle comes to next. */
export const useNextTheme = (): Theme | 'system' => useSyncExternalStore(subscribe, () => next() ?? 'system');
