/** Light or dark: the system's choice until somebody uses the toggle, which is then remembered in this browser. */
import { useSyncExternalStore } from 'react';

type Theme = 'light' | 'dark';
const KEY = 'oms-theme';
const system = matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();

const remembered = localStorage.getItem(KEY);
if (remembered === 'light' || remembered === 'dark') document.documentElement.dataset.theme = remembered;

const current = (): Theme =>
  (document.documentElement.dataset.theme as Theme | undefined) ?? (system.matches ? 'dark' : 'light');

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  system.addEventListener('change', listener);
  return () => {
    listeners.delete(listener);
    system.removeEventListener('change', listener);
  };
}

export function toggleTheme(): void {
  const theme = current() === 'dark' ? 'light' : 'dark';
  document.documentElement.dataset.theme = theme;
  localStorage.setItem(KEY, theme);
  for (const listener of listeners) listener();
}

export const useTheme = (): Theme => useSyncExternalStore(subscribe, current);
