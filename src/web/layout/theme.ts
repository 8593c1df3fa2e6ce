/**
 * Light or dark: the system's theme until the user presses the toggle, whose choice this browser remembers. The toggle cycles: the
 * opposite of the system's theme, the system's current theme even if that changes later, and following the system again.
 */
import { useSyncExternalStore } from 'react';

type Theme = 'light' | 'dark';
const KEY = 'oms-theme';
const system = matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();

const remembered = localStorage.getItem(KEY);
let chosen: Theme | null = remembered === 'light' || remembered === 'dark' ? remembered : null;

// Read once: reading `matches` at the moment of a change suppresses the change event for all listeners.
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

/** What the toggle switches to next. */
export const useNextTheme = (): Theme | 'system' => useSyncExternalStore(subscribe, () => next() ?? 'system');
