/** A view's heading, which is the name of the browser's tab, too. */
import { product } from '../texts.ts';

export function Title({ children }: { children: string }) {
  return (
    <>
      <title>{`${children} · ${product}`}</title>
      <h1>{children}</h1>
    </>
  );
}
