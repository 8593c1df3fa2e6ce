/**
 * Several sources as one: what each yields, as it comes. A source is asked for more when what it gave before was taken, so at most one
 * value of each is held. Ends with the first source that ends.
 */
export async function* merge<Value>(
  sources: ((signal: AbortSignal) => AsyncGenerator<Value>)[],
  caller: AbortSignal,
): AsyncGenerator<{ source: number; value: Value }> {
  const leaving = new AbortController();
  const signal = AbortSignal.any([caller, leaving.signal]);
  const generators = sources.map((start) => start(signal));
  const arrived: { source: number; next: Promise<IteratorResult<Value>> }[] = [];
  let some = Promise.withResolvers<void>();
  const ask = (source: number) => {
    const next = generators[source]!.next();
    const arrive = () => {
      arrived.push({ source, next });
      some.resolve();
    };
    // No race: each one of a race keeps what it raced with, and a quiet source may stay quiet for weeks.
    next.then(arrive, arrive);
  };
  try {
    for (const source of generators.keys()) ask(source);
    for (;;) {
      await some.promise;
      some = Promise.withResolvers();
      for (const { source, next } of arrived.splice(0)) {
        const { done, value } = await next;
        if (done) return;
        yield { source, value };
        ask(source);
      }
    }
  } finally {
    leaving.abort();
    await Promise.allSettled(generators.map((generator) => generator.return(undefined)));
  }
}
