/** Horizontal bars as SVG: one group under the other, all to one scale. */
export interface Bar {
  name: string;
  value: number;
  ours: boolean;
}

const WIDTH = 720;
const NAME_WIDTH = 150;
const VALUE_WIDTH = 60;
const LINE = 24;

export function bars(title: string, groups: { title: string; bars: Bar[] }[]): string {
  const most = Math.max(...groups.flatMap((group) => group.bars.map((bar) => bar.value)));
  const scale = (WIDTH - NAME_WIDTH - VALUE_WIDTH) / most;
  const parts: string[] = [];
  let y = LINE;
  const escaped = (words: string) => words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  const text = (x: number, words: string, style = '') =>
    parts.push(`<text x="${x.toFixed(1)}" y="${y}"${style}>${escaped(words)}</text>`);
  text(8, title, ' font-weight="bold"');
  for (const group of groups) {
    y += 1.5 * LINE;
    text(8, group.title);
    for (const { name, value, ours } of group.bars) {
      y += LINE;
      const length = Math.max(1, value * scale);
      const colour = ours ? '#1f6feb' : '#9aa4b2';
      parts.push(`<rect x="${NAME_WIDTH}" y="${y - 14}" width="${length.toFixed(1)}" height="18" fill="${colour}"/>`);
      text(NAME_WIDTH - 8, name, ' text-anchor="end"');
      text(NAME_WIDTH + length + 6, Math.round(value).toLocaleString('en'));
    }
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + LINE}" font-family="sans-serif" font-size="13">`,
    `<title>${escaped(title)}</title>`,
    '<rect width="100%" height="100%" fill="white"/>',
    ...parts,
    '</svg>\n',
  ].join('\n');
}
