const SPACE = 0x20;
const DELETE = 0x7f;

/** `text.trim()`, faster for values without spaces at their ends, which nearly all are. */
export function trim(text: string): string {
  const first = text.charCodeAt(0);
  const last = text.charCodeAt(text.length - 1);
  return first > SPACE && first < DELETE && last > SPACE && last < DELETE ? text : text.trim();
}
