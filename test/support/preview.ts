/** Previews of files that are given as texts or bytes. */
import { type Preview, type PreviewOptions, preview } from '../../src/pipeline/preview/preview.ts';

export const previewOf = (file: string | Buffer, options: Partial<PreviewOptions> = {}): Promise<Preview> =>
  preview(Buffer.from(file), { ...NOTHING_ASKED, ...options });

const NOTHING_ASKED: PreviewOptions = {
  ...{ encoding: undefined, sheet: null, delimiter: null, isPart: false, asked: null, timeZone: 'UTC' },
  known: { saved: async () => null, preset: () => null },
};
