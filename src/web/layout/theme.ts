/** Light or dark: the system's choice until somebody uses the toggle, which is then remembered in this browser. */
import { useSyncExternalStore } from 'react';

type Theme = 'light' | 'dark';
const KEY = 'oms-theme';
const system = matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();

const remembered = localStorage.getItem(KEY);
let chosen: Theme | null = remembered === 'light' || remembered === 'dark' ? remembered : null;

const current = (): Theme => chosen ?? (system.matches ? 'dark' : 'light');

function apply(): void {
  document.documentElement.dataset.theme = current();
  for (const listener of listeners) listener();
}
apply();
system.addEventListener('change', apply);

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function toggleTheme(): void {
  chosen = current() === 'dark' ? 'light' : 'dark';
  localStorage.setItem(KEY, chosen);
  apply();
}

export const useTheme = (): Theme => useSyncExternalStore(subscribe, current);
