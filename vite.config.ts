/** Builds the page: `src/web/` -> `dist/web/`, with hashed names, and each file gzipped beside itself so that no request has to. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

const OUT = join(import.meta.dirname, 'dist/web');

const gzipped: Plugin = {
  name: 'gzipped',
  async closeBundle() {
    for (const entry of await readdir(OUT, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || entry.name.endsWith('.gz')) continue;
      const path = join(entry.parentPath, entry.name);
      await writeFile(`${path}.gz`, gzipSync(await readFile(path), { level: 9 }));
    }
  },
};

export default defineConfig({
  root: join(import.meta.dirname, 'src/web'),
  plugins: [react(), gzipped],
  build: {
    outDir: OUT,
    emptyOutDir: true,
    rolldownOptions: {
      input: ['index.html', 'docs.html'].map((name) => join(import.meta.dirname, 'src/web', name)),
    },
    target: 'es2023',
    // The policy of the page allows nothing inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // One sheet, there from the beginning: what a view looks like does not hang on which were loaded before it, or in which order.
    cssCodeSplit: false,
    reportCompressedSize: false,
    // A test reads which files the first load has.
    manifest: true,
  },
});
