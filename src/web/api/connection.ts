/** Whether the service can be reached, and since when not. Every request and the stream of progress report it. */
import { useSyncExternalStore } from 'react';

let lostAtMs: number | null = null;
const listeners = new Set<() => void>();

function set(value: number | null): void {
  if (lostAtMs === value) return;
  lostAtMs = value;
  for (const listener of listeners) listener();
}

export const connectionLost = (): void => set(lostAtMs ?? Date.now());
export const connectionFound = (): void => set(null);
export const isConnectionLost = (): boolean => lostAtMs !== null;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useConnectionLostAt = (): number | null => useSyncExternalStore(subscribe, () => lostAtMs);
