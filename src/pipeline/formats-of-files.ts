/**
 * By which format a file is read. A file keeps the version, and what that says is kept under a digest of it: whatever becomes of the
 * format, the file is read the same again.
 */
import { limits } from '../limits.ts';
import type { FileRecord } from '../model/file.ts';
import { fileFailure } from '../model/file-failure.ts';
import type { Format, FormatRef } from '../model/format.ts';
import { seesFile } from '../model/views.ts';
import { sliceTurn } from '../ports/event-loop.ts';
import type { Files } from '../ports/files.ts';
import type { SmallRecord, SmallRecords } from '../ports/small-records.ts';
import { digest, type FormatData, headerKeys, idOfHeader, type SavedFormat, shown } from './formats.ts';
import type { PossibleHeader } from './read/file-head.ts';
import type { UnknownFile } from './read/read-file.ts';
import { SEE_PREVIEW } from './read/shown-names.ts';

export interface KeptPorts {
  store: { smallRecords: SmallRecords; files: Pick<Files, 'get'> };
}

interface KnownFormat {
  ref: FormatRef;
  format: Format;
}

export class FormatsOfFiles {
  readonly #ports: KeptPorts;

  constructor(ports: KeptPorts) {
    this.#ports = ports;
  }

  get #records(): SmallRecords {
    return this.#ports.store.smallRecords;
  }

  /** Keeps what this version says, before a file is read by it. */
  async keep({ format, version }: SavedFormat): Promise<FormatRef> {
    const id = digest(JSON.stringify(format));
    // It is there already, or now: what is under an id never differs.
    await this.#records.put({ kind: 'format-version', id, version: 1, owner: null, expiresMs: null, data: format });
    return { name: format.name, version, id };
  }

  /** What the version of a file says. */
  async definition({ name, version, id }: FormatRef): Promise<Format> {
    const record = await this.#records.get<Format>('format-version', id);
    if (!record) throw new Error(`version ${version} of the format ${name} is not kept as ${id}`);
    return record.data;
  }

  /**
   * The format of a file that says none: that of the file whose report it is, else the one that has its header; null where there is none.
   * Throws `missing_column` where several formats have that header.
   */
  async recognise(file: UnknownFile, { hubs }: Pick<FileRecord, 'hubs'>): Promise<KnownFormat | null> {
    const reported = await this.#ofReported(file, { hubs });
    if (reported) return reported;
    const saved = await this.withHeader(file.headers, { hubs });
    return saved && { ref: await this.keep(saved), format: saved.format };
  }

  /** The same, for a file that is not kept. */
  async find(file: UnknownFile, { hubs }: Pick<FileRecord, 'hubs'>): Promise<Format | null> {
    const found = (await this.#ofReported(file, { hubs })) ?? (await this.withHeader(file.headers, { hubs }));
    return found?.format ?? null;
  }

  /** That of the file whose report it is. */
  async #ofReported({ reportOn }: UnknownFile, { hubs }: Pick<FileRecord, 'hubs'>): Promise<KnownFormat | null> {
    const reported = reportOn === null ? null : await this.#ports.store.files.get(reportOn);
    if (!reported?.format || !seesFile({ hubs }, reported)) return null;
    return { ref: reported.format, format: await this.definition(reported.format) };
  }

  /** The saved format for a file with one of these headers; null: none. Throws `missing_column` where several have it. */
  async withHeader(
    headers: readonly PossibleHeader[],
    { hubs }: Pick<FileRecord, 'hubs'>,
  ): Promise<SavedFormat | null> {
    const tried = new Set<string>();
    for (const { columns, rowsAbove } of headers) {
      await sliceTurn();
      const keys = headerKeys(columns);
      const id = idOfHeader(keys);
      if (keys.length < LEAST_COLUMNS || tried.has(id)) continue;
      tried.add(id);
      const { items } = await this.#records.list<FormatData>('format', id, { limit: limits.sliceItems, after: null });
      const fit = items.filter(({ data }) => {
        const { skip_rows } = data.format.header;
        return skip_rows >= rowsAbove.least && skip_rows <= rowsAbove.most && isForFile(hubs, data);
      });
      if (fit.length > 1) throw severalFit(fit);
      if (fit[0]) return shown(fit[0]);
    }
    return null;
  }
}

/** Whoever is limited to hubs must not decide how the files of others are read. */
const isForFile = (hubs: FileRecord['hubs'], format: FormatData): boolean =>
  hubs === null ? format.hubs === null : seesFile({ hubs }, format);

/** A row of one cell is a title, or has another delimiter. */
const LEAST_COLUMNS = 2;
const MAX_NAMES_SHOWN = 20;

function severalFit(fit: readonly SmallRecord[]): Error {
  const names = fit.slice(0, MAX_NAMES_SHOWN).map(({ id }) => id);
  return fileFailure(
    'missing_column',
    `The header is that of the formats ${names.join(', ')}: upload the file with ?format= and the one that is meant. ${SEE_PREVIEW}`,
  );
}
