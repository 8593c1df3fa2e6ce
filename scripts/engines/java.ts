/** How the JVM of an engine is run. */

/**
 * `little`: without the optimizing compiler, which in the few minutes of a test run takes more time than it saves. A benchmark and the
 * stack on one machine run with `all` compilers.
 */
export type Compiling = 'little' | 'all';

export const compilerFlags = (compiling: Compiling): string[] =>
  compiling === 'little' ? ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'] : [];
