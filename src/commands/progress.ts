/** Shows the progress of a file: a bar on a terminal, else a line for each tenth. The result is printed after it. */
import type { fileJson } from '../http/file-json.ts';

const BAR_CHARS = 24;

export function createProgress(name: string, out: NodeJS.WriteStream = process.stdout) {
  let nextTenth = 10;
  return {
    show(file: ReturnType<typeof fileJson>): void {
      const { rows, percent, bytes_read: read, rows_per_second: rate, eta_seconds: eta } = file.progress;
      const state = file.waiting_for ? `waiting for ${file.waiting_for}` : file.status;
      const figures = `${percent.toFixed(1)} %  ${rows} rows  ${rate ?? '-'} rows/s  ETA ${eta === null ? '-' : `${eta} s`}  ${state}`;
      if (out.isTTY) {
        const filled = Math.round((percent / 100) * BAR_CHARS);
        out.write(`\r\x1b[K${name}  [${'#'.repeat(filled)}${' '.repeat(BAR_CHARS - filled)}]  ${figures}`);
      } else if (percent >= nextTenth && read < file.size_bytes) {
        nextTenth = Math.floor(percent / 10) * 10 + 10;
        out.write(`${name}  ${figures}\n`);
      }
    },
    end(): void {
      if (out.isTTY) out.write('\n');
    },
  };
}
