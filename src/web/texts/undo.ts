/** The words of the undo of a file. */
import { formatNumber } from '../components/number.tsx';
import { plural } from './counted.ts';

const orders = (count: number): string => plural(count, '1 order', `${formatNumber(count)} orders`);

export const undo = {
  button: 'Undo the import…',
  title: (name: string) => `Undo the import of ${name}?`,
  moves: (state: string) =>
    `Its orders that nobody has changed become “${state}”, and their stock is back. Orders that were moved on or edited stay as they are, and are listed.`,
  again:
    'When that is done, a corrected file can bring the same order ids again. The file itself cannot be retried, and an undo cannot be taken back.',
  keep: 'Leave it as it is',
  confirm: 'Undo the import',
  runningTitle: 'The import is being undone',
  doneTitle: 'The import was undone',
  soFar: (undone: number, kept: number) => `${orders(undone)} undone so far, ${orders(kept)} kept.`,
  done: (undone: number, kept: number) =>
    `${orders(undone)} undone, stock included. ${kept === 0 ? 'None stayed.' : `${orders(kept)} stayed, as somebody had changed them.`}`,
  next: 'The same orders can come again in a corrected file.',
  kept: 'Show the orders that stayed',
  deleted: 'They have been deleted since.',
  more: 'Only the first are shown.',
};
