/** How the JVM of an engine is run. */

/**
 * `little`: in a server that runs for minutes the better of the two compilers takes more time than it gives. A benchmark wants `all`.
 */
export type Compiling = 'little' | 'all';

export const compilerFlags = (compiling: Compiling): string[] =>
  compiling === 'little' ? ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'] : [];
