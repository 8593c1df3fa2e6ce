/** A view's heading, which is also the title of the browser's tab. */
import { product } from '../texts/page.ts';

/** `percent`: progress, so that it is visible in the title of a background tab, too. */
export function Title({ children, percent = null }: { children: string; percent?: number | null }) {
  return (
    <>
      <title>{`${percent === null ? '' : `${Math.floor(percent)} % · `}${children} · ${product}`}</title>
      <h1>{children}</h1>
    </>
  );
}
