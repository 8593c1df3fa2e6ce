/** A view's heading, which is the name of the browser's tab, too. */
import { product } from '../texts/page.ts';

/** `percent`: of work that goes on, so that it is seen in a tab behind others, too. */
export function Title({ children, percent = null }: { children: string; percent?: number | null }) {
  return (
    <>
      <title>{`${percent === null ? '' : `${Math.floor(percent)} % · `}${children} · ${product}`}</title>
      <h1>{children}</h1>
    </>
  );
}
