/**
 * Reads a password that a user is to have: never from an argument, which every process of the machine may see. A terminal does not show
 * it, and is asked twice; elsewhere it is the first line of standard input.
 */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { OmsError } from '../errors.ts';

/** Null when none was given. Throws `interrupted`, `invalid_option`. */
export async function readPassword(): Promise<string | null> {
  if (!process.stdin.isTTY) return (await firstLine()) || null;
  const password = await ask('password (empty: one is made): ');
  if (password === '') return null;
  if ((await ask('the same again: ')) !== password)
    throw new OmsError('invalid_option', 'the two passwords differ: nothing was changed');
  return password;
}

async function firstLine(): Promise<string> {
  for await (const line of createInterface({ input: process.stdin })) return line;
  return '';
}

/** What is typed is echoed into nothing. */
async function ask(question: string): Promise<string> {
  const nothing = new Writable({ write: (_, __, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nothing, terminal: true });
  process.stderr.write(question);
  try {
    return await new Promise((resolve, reject) => {
      lines.once('line', resolve);
      lines.once('close', () => reject(new OmsError('interrupted', 'no password was given: nothing was changed')));
    });
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}
