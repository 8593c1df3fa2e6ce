/** Work that one process should do at a time: publishing, sweeping. A lease saves work; correctness never depends on it. */

export interface Leases {
  /** Whether `holder` has the lease from now on, for `leaseMs`. */
  take(name: LeaseName, holder: string, leaseMs: number): Promise<boolean>;
  release(name: LeaseName, holder: string): Promise<void>;
}
export type LeaseName = 'publisher' | 'finalizer' | 'sweeper' | 'backfill' | 'eraser' | 'undoer' | 'migration';
