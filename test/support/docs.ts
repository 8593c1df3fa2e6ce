/**
 * The examples of the documentation: its shell blocks as they are run, and the answers it shows for them.
 *
 * A block ```sh is run when a line of it begins with `curl `, `bin/oms `, settings before one of them, or `FILE=$(`;
 * variables live on from block to block. A block ```json or ```text right behind it is the answer: `…` stands for what is left
 * out (the end of a text, further items, keys or lines), and what differs from run to run is compared by its kind.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface Example {
  /** Where in the document, as `name:line`. */
  where: string;
  script: string;
  answer: { language: 'json' | 'text'; text: string } | null;
}

const FENCE = /^```(\w*)\n([\s\S]*?)^```$/gm;
const RUNS = /^(?:[A-Z_]+=\S+ )*(?:curl |bin\/oms |[A-Z_]+=\$\()/m;

export function readExamples(name: string, markdown: string): Example[] {
  const blocks = [...markdown.matchAll(FENCE)].map((match) => ({
    language: match[1]!,
    text: match[2]!,
    start: match.index,
    end: match.index + match[0].length,
  }));
  return blocks.flatMap((block, i) => {
    if (block.language !== 'sh' || !RUNS.test(block.text)) return [];
    const next = blocks[i + 1];
    const isAnswer =
      next &&
      (next.language === 'json' || next.language === 'text') &&
      /^\s*$/.test(markdown.slice(block.end, next.start));
    const where = `${name}:${markdown.slice(0, block.start).split('\n').length}`;
    const answer = isAnswer ? { language: next.language as 'json' | 'text', text: next.text } : null;
    return [{ where, script: block.text, answer }];
  });
}

/** The addresses and the directory that the documentation speaks of, and those that a run has in their place. */
export interface Place {
  url: string;
  imsUrl: string;
  /** Where the commands run: it has `bin/oms`, the samples, and `data`. */
  directory: string;
}

const WRITTEN: Place = {
  url: 'http://127.0.0.1:8080',
  imsUrl: 'http://127.0.0.1:8081',
  directory: '/home/you/oms',
};

function move(text: string, from: Place, to: Place): string {
  return text.replaceAll(from.url, to.url).replaceAll(from.imsUrl, to.imsUrl).replaceAll(from.directory, to.directory);
}

/** What a command printed at this place, in the documentation's addresses. */
export const asWritten = (output: string, place: Place): string => move(output, place, WRITTEN);

/** Runs an example as a reader would and gives what it printed, in the documentation's addresses. */
export async function runExample(
  { script }: Example,
  place: Place,
  env: Record<string, string>,
): Promise<{ code: number | null; output: string }> {
  const variables = '.variables.sh';
  const whole = [
    'exec 2>&1',
    `if [ -f ${variables} ]; then . ./${variables}; fi`,
    'set -a',
    move(script, WRITTEN, place),
    `export -p > ${variables}`,
  ].join('\n');
  const child = spawn('sh', ['-euc', whole], { cwd: place.directory, env, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  const [code] = await once(child, 'close');
  return { code: code as number | null, output: asWritten(output, place) };
}

/** Ids, times, speeds and cursors: told apart from run to run by what they are alone. */
const VOLATILE_KEYS = new Set([
  'created_at',
  'updated_at',
  'started_at',
  'finished_at',
  'time',
  'at',
  'rows_per_second',
  'eta_seconds',
  'behind',
  // Of a report: its reasons name the file that came first.
  'size_bytes',
  'next_cursor',
]);

function normalize(text: string): string {
  return text
    .replace(/f_[0-9a-z]{21}/g, 'f_…')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, '<time>')
    .replace(/\d+ rows\/s {2}ETA \S+/g, '<speed>')
    .replace(/process \d+/g, 'process <pid>');
}

/** What the documentation says and the answer does not, as one line each; none when they agree. */
export function differences(expected: Example['answer'], output: string): string[] {
  if (expected === null) return [];
  if (expected.language === 'text') return textDifferences(expected.text, output);
  let answer: unknown;
  try {
    answer = JSON.parse(output);
  } catch {
    return [`the answer is no JSON: ${output}`];
  }
  return jsonDifferences(JSON.parse(expected.text), answer, '');
}

function jsonDifferences(expected: unknown, actual: unknown, path: string): string[] {
  const differs = [`${path || 'the answer'}: written ${JSON.stringify(expected)}, answered ${JSON.stringify(actual)}`];
  const key = path.split('.').at(-1)!;
  if (VOLATILE_KEYS.has(key)) {
    const alike = typeof expected === typeof actual && (expected === null) === (actual === null);
    return alike || key === 'rows_per_second' || key === 'eta_seconds' ? [] : differs;
  }
  if (typeof expected === 'string' && typeof actual === 'string') {
    const [written, answered] = [normalize(expected), normalize(actual)];
    const cut = written.endsWith('…') && !written.endsWith('f_…');
    return (cut ? answered.startsWith(written.slice(0, -1)) : answered === written) ? [] : differs;
  }
  if (Array.isArray(expected) && Array.isArray(actual)) {
    const cut = expected.at(-1) === '…';
    const items = cut ? expected.slice(0, -1) : expected;
    if (cut ? actual.length < items.length : actual.length !== items.length) return differs;
    return items.flatMap((item, i) => jsonDifferences(item, actual[i], `${path}[${i}]`));
  }
  if (isRecord(expected) && isRecord(actual)) {
    const cut = '…' in expected;
    const names = Object.keys(expected).filter((name) => name !== '…');
    const unknown = Object.keys(actual).filter((name) => !names.includes(name));
    if (!cut && unknown.length > 0) return [`${path || 'the answer'}: ${unknown.join(', ')} is not written`];
    return names.flatMap((name) =>
      name in actual
        ? jsonDifferences(expected[name], actual[name], path === '' ? name : `${path}.${name}`)
        : [`${path || 'the answer'}: ${name} is not answered`],
    );
  }
  return expected === actual ? [] : differs;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Line by line; a line `…` stands for any number of lines, one at the end of a line for the rest of it. */
function textDifferences(expected: string, output: string): string[] {
  const pattern = normalize(expected.trimEnd())
    .split('\n')
    .map((line) =>
      line.trim() === '…'
        ? '(?:.*\n)*?'
        : `${line
            .split(/(?<!f_)…/)
            .map(RegExp.escape)
            .join('.*')}\n`,
    )
    .join('');
  const answered = `${normalize(output.trimEnd())}\n`;
  return new RegExp(`^${pattern}$`).test(answered) ? [] : [`written:\n${expected}\nanswered:\n${output}`];
}
