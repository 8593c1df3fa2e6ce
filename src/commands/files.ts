/**
 * `oms files pause|resume|cancel|retry|run|undo ID…`: asks a running service for it over HTTP. Exit code 0: all done, 2: some refused, 1: failed, or
 * the service cannot be reached. Each refused file is a line `ID: code: detail` on standard error.
 */
import { parseArgs } from 'node:util';
import { readConfig } from '../config.ts';
import { OmsError } from '../errors.ts';
import type { FileResponse } from '../http/responses.ts';
import { visible } from '../model/characters.ts';
import { CLIENT_OPTIONS, connect } from './connect.ts';
import { EXIT, print, printRefused, type Refusal, worst } from './orders/printed.ts';

const ACTIONS = ['pause', 'resume', 'cancel', 'retry', 'run', 'undo'];

export async function run([action = '', ...args]: string[]): Promise<number> {
  if (!ACTIONS.includes(action)) throw new OmsError('invalid_option', `usage: oms files ${ACTIONS.join('|')} ID…`);
  const { values, positionals: fileIds } = parseArgs({
    args,
    allowPositionals: true,
    options: { ...CLIENT_OPTIONS, json: { type: 'boolean' } },
  });
  if (fileIds.length === 0) throw new OmsError('invalid_option', `no file: usage: oms files ${action} ID…`);
  const client = connect(values, readConfig(), 1);
  const codes: number[] = [EXIT.done];
  try {
    for (const fileId of fileIds) {
      const { status, body } = await client.request('POST', `/files/${encodeURIComponent(fileId)}/${action}`);
      if (status < 300) await print(values.json ? `${JSON.stringify(body)}\n` : lineOf(body as FileResponse));
      else codes.push(refused(fileId, status, body as Refusal));
    }
    return worst(codes);
  } finally {
    client.close();
  }
}

/** Throws where the service failed, as it would for the next file, too. */
function refused(fileId: string, status: number, problem: Refusal): number {
  if (status >= 500) throw new OmsError(problem.code, `${problem.code}: ${problem.detail}`);
  return printRefused(fileId, problem);
}

function lineOf(file: FileResponse) {
  const { file_id, name, status, progress } = file;
  return `${file_id}: ${status}${soon(file)}, ${progress.rows} rows so far, ${visible(name)}\n`;
}

function soon({ cancel_requested, pause_requested, undo }: FileResponse): string {
  if (undo) return `, ${undo.state === 'done' ? '' : 'being '}undone: ${undo.undone} orders, ${undo.kept} stay`;
  return cancel_requested ? ', being cancelled' : pause_requested ? ', being paused' : '';
}
