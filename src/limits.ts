/**
 * Every bound of the system in one place, unit last, each with its reason (INV-6: nothing grows without a limit).
 * Bounds that a user may set are in `config.ts`.
 */
const KiB = 1024;
const MiB = 1024 * KiB;

export const limits = {
  // Reading a file.
  /** Bytes looked at to decide encoding and delimiter: enough to see past a long ASCII beginning. */
  detectBytes: 1 * MiB,
  /** Bytes parsed at a time, some 2 ms of work: larger is not faster, much smaller costs more awaits than parsing. */
  readBlockBytes: 64 * KiB,
  /** One CSV record, and so the reader's buffer. A real order is under 2 KiB; a quote that never closes stops here. */
  maxRecordBytes: 1 * MiB,
  /** Columns of a header: orders have 11; a spreadsheet with every column used is a mistake. */
  maxColumns: 256,
  /** Rows that are in memory as objects at once; also how many the IMS is asked about in one go. */
  maxPartRows: 1_000,
  /**
   * A chunk is one transaction. Measured: random order ids touch nearly every page of the index in each chunk, so larger
   * chunks write less; beyond this little is gained, and others wait longer for the writer (some 40 ms).
   */
  maxChunkRows: 5_000,
  maxChunkBytes: 4 * MiB,
  /** A gzip file that grows more than this is a bomb; looked at after `gzipRatioFromBytes`. CSV seldom passes 50. */
  maxGzipRatio: 250,
  gzipRatioFromBytes: 64 * MiB,

  // SQLite.
  /** Measured: 8 KiB pages take random order ids faster than 4 KiB. Fixed when the database is made. */
  sqlitePageBytes: 8 * KiB,
  /** How long a connection waits for a lock that another process holds, a backup for example. */
  sqliteBusyMs: 5_000,
  /** The writer's page cache: holds the index of order ids of about a million orders. */
  sqliteWriterCacheBytes: 32 * MiB,
  sqliteReaderCacheBytes: 8 * MiB,
  /** The log is written back into the database when it is this large: random pages are then written once, not per chunk. */
  sqliteWalBytes: 64 * MiB,
  /** Writer requests are collected into one transaction until this much time has passed, so that small ones share an fsync. */
  sqliteGroupCommitMs: 30,

  // Checking a row.
  /** A text of an order, in characters: an address or a product's name with room to spare. */
  maxTextChars: 500,
  /** A value shown in a reason: enough to recognise it in the file. */
  maxReasonValueChars: 60,
  /** What the inventory service says of an item it refuses: a sentence or two. */
  maxServiceWordsChars: 200,
  /** Days whose offset from UTC is remembered for dates without one: some eleven years, in about 200 KB. */
  maxZoneOffsetDays: 4_096,

  // Asking the IMS.
  /** Items of one request: the most that its interface allows. */
  imsBatchItems: 500,
  /** Requests at once: enough to hide the latency of a chunk's ten batches without being a load test. */
  imsConcurrentRequests: 4,
  /** Batches that may wait for their turn: a hundred files with a full chunk each. */
  imsQueuedBatches: 1_000,
  /** One request, its body included. */
  imsTimeoutMs: 3_000,
  /** Tries after the first: they bridge a restart of one instance; a longer outage is for the file to wait. */
  imsRetries: 3,
  imsRetryDelayMs: 100,
  imsMaxRetryDelayMs: 1_000,
  /** Failed requests in a row after which nobody asks: two full rounds of concurrent batches and some. */
  imsBreakerFailures: 10,
  /** Then one request is let through to see whether the IMS is back. */
  imsBreakerOpenMs: 5_000,
  /** A yes seldom changes. A no is often a product about to be added, by somebody who then uploads again. */
  imsValidTtlMs: 5 * 60_000,
  imsInvalidTtlMs: 10_000,
  /** The cache of answers; its keys may be long, so it has a size too. */
  imsCacheEntries: 50_000,
  imsCacheBytes: 64 * MiB,
  /** A full batch with the longest SKUs is under 2 MiB. */
  imsResponseBytes: 4 * MiB,

  // The reference IMS.
  referenceImsRequestBytes: 4 * MiB,
  referenceImsCatalogBodyBytes: 64 * MiB,
  /** Distinct SKUs, and distinct hubs: a catalog is held in memory. */
  referenceImsCatalogValues: 2_000_000,
  referenceImsMaxLatencyMs: 60_000,

  // Work on files.
  /** Crashed claims in a row without a committed chunk, after which a file is given up as `internal`. */
  maxStrikes: 10,
  /** With as many, a file may be what crashes the worker: from then on it is worked on alone, so that others are not charged. */
  suspectStrikes: 3,
  /** How long an idempotency key is remembered. */
  idempotencyKeyMs: 24 * 60 * 60 * 1000,

  // Lists.
  /** Orders looked at for one page of a filtered list: some 25 ms of reading. The page is short then, and has a cursor. */
  maxScanOrders: 50_000,

  // Stock.
  /** Stock levels that the writer keeps in memory: some 10 MB of them. */
  stockLevelsKept: 100_000,
  /** Largest stock of one SKU at one hub: sums of it stay exact. */
  maxStock: 1_000_000_000_000,
  /** Rejections looked at for one page of a list by code. */
  maxScanRejections: 20_000,

  // The job queue.
  /** A delivered message is hidden for this long; a worker extends it at a third. Also the lease on a file. */
  queueVisibilityMs: 60_000,
  /** Deliveries after which a message is dead. Far above `maxStrikes`: refused claims and restarts deliver again, too. */
  maxDeliveries: 1_000,

  // Objects.
  /** One read of an object: large enough that the calls do not count, small against the memory of a worker. */
  readBytes: 256 * KiB,
  /** Below this the service says that its disk is full, before it is: the database needs room to finish what is begun. */
  minFreeBytes: 16 * MiB,

  // Uploads.
  /** A connection on which nothing moved for this long is closed: slow is fine, silent is not. */
  uploadIdleMs: 60_000,
  /** Uploads under way at once: each holds a socket, a file and some buffers. */
  maxUploads: 2_000,
  /** Longest name kept of an uploaded file, the same as file systems have. */
  maxNameChars: 255,
  maxIdempotencyKeyChars: 255,

  // Workers.
  /** Files in work at once in one worker: each holds two chunks in memory. */
  workerSlots: 4,
  /** A file that has had this long gives its slot to one that waits, so that a large file never starves a small one. */
  turnMs: 5_000,
  /** How often a worker with full slots looks whether a file waits. */
  turnCheckMs: 500,
  /** How often a file in work is looked at for a cancel: people wait for it. */
  cancelCheckMs: 1_000,
  /** One wait for a message; SQS ends long polls at this, too. */
  receiveWaitMs: 20_000,
  /** Pauses between tries while an engine is down: doubled from the first to the last, with jitter. */
  outageFirstPauseMs: 250,
  outageLastPauseMs: 10_000,
  /** Rejections read at once while a report is written. */
  reportPageRows: 1_000,
  /** How often files are looked for that are open but that no worker holds, and how long they must have been quiet. */
  sweepMs: 30_000,
  strandedMs: 120_000,
  sweepFiles: 1_000,
  /** A graceful stop gives running work this long. */
  stopMs: 8_000,

  // Events.
  /** Events read at once for one subscriber. */
  eventBatch: 200,
  /** Pause that a client of an event subscription is told to make before it reconnects. */
  sseRetryMs: 1_000,
  /** A comment line keeps a quiet subscription open through proxies. */
  sseKeepAliveMs: 15_000,
  /** How often a file is looked at for its progress stream. */
  progressMs: 250,

  // HTTP.
  pageItems: 50,
  maxPageItems: 1_000,
  maxCursorChars: 4_000,
  /** A request's headers must have come within this. */
  headersMs: 30_000,
  maxHeaders: 100,
  /** A client that is answered before the end of its body has this long to send what it has begun and to read the answer. */
  lingerMs: 5_000,
  /** What a form may add to its file. */
  maxFormOverheadBytes: 1 * MiB,
  maxFormFields: 20,
  maxFormFieldBytes: 64 * KiB,
  /** Requests under way at a stop are given this long, then dropped. */
  stopRequestsMs: 2_000,
  stopCheckMs: 50,
  /** Sockets at once: uploads and subscriptions, below the usual bound on open files. */
  maxConnections: 10_000,
  /** One dependency's answer to `/readyz`. */
  pingMs: 2_000,
  /** A stock CSV or JSON body: some 200,000 rows. More comes in parts. */
  maxInventoryBytes: 16 * MiB,
  maxInventoryItems: 250_000,
  stockBatchItems: 5_000,
  /** Buckets of `/stats/history`: without `from`, and at most. */
  historyBuckets: 60,
  maxHistoryBuckets: 10_000,
  /** `/stats` rows per second: sampled this often, over this window. */
  rateSampleMs: 1_000,
  rateWindowMs: 10_000,

  // Threads.
  /**
   * The heaps of the threads. Left alone, V8 lets garbage grow with the machine's memory; a small young generation keeps
   * it where it is cheap to collect. The old generation is a bound against leaks, far above what is used.
   */
  workerHeap: { maxYoungGenerationSizeMb: 32, maxOldGenerationSizeMb: 1024 },
  writerHeap: { maxYoungGenerationSizeMb: 12, maxOldGenerationSizeMb: 512 },
} as const;
