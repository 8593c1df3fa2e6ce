/**
 * Every bound of the system in one place, unit last, each with its reason (INV-6: nothing grows without a limit).
 * Bounds that a user may set are in `config.ts`.
 */
const KiB = 1024;
const MiB = 1024 * KiB;

export const limits = {
  // Reading a file.
  /** Bytes looked at to decide the delimiter, and the encoding from the first that is not ASCII on: some 7,000 rows of evidence. */
  detectBytes: 1 * MiB,
  /** Bytes parsed at a time, some 2 ms of work: larger is not faster, much smaller costs more awaits than parsing. */
  readBlockBytes: 64 * KiB,
  /** One CSV record, and so the reader's buffer. A real order is under 2 KiB; a quote that never closes stops here. */
  maxRecordBytes: 1 * MiB,
  /** Rows in which a header is looked for that the first row is not, so that titles above it are told; and characters. */
  headerSearchRows: 20,
  headerSearchChars: 32 * KiB,
  /** Columns of a header: orders have 11; a spreadsheet with every column used is a mistake. */
  maxColumns: 256,
  /** All names of a header together: 256 long ones. They are kept with the file, so lists of files repeat them in memory. */
  maxHeaderChars: 64 * KiB,
  /** Rows that are in memory as objects at once. */
  maxPartRows: 1_000,
  /**
   * A chunk is one transaction. The first are small, so that a file soon shows progress; then each is as large as all before it, up to
   * the most. Measured: a chunk of 20,000 takes a third less of the writer's time per row than one of 5,000, as it writes each page of
   * the index of order ids and each stock row once; with more, others wait too long for the writer (it takes some 80 ms).
   */
  firstChunkRows: 5_000,
  maxChunkRows: 20_000,
  maxChunkBytes: 4 * MiB,
  /** Inflated at a time: makes at most a thousand times as much, which is in memory at once. */
  inflateBlockBytes: 8 * KiB,
  /** What a gzip member has before its data: an extra field of up to 64 KiB, a name, a comment. */
  maxGzipHeaderBytes: 128 * KiB,
  /** A gzip file that grows more than this is a bomb; looked at after `gzipRatioFromBytes`. CSV seldom passes 50. */
  maxGzipRatio: 250,
  gzipRatioFromBytes: 64 * MiB,

  // SQLite.
  /** Measured: 8 KiB pages take random order ids faster than 4 KiB. Fixed when the database is made. */
  sqlitePageBytes: 8 * KiB,
  /** How long a connection waits for a lock that another process holds, a backup for example. */
  sqliteBusyMs: 5_000,
  /** The writer's page cache: holds the index of order ids of half a million orders. The system caches the others. */
  sqliteWriterCacheBytes: 16 * MiB,
  sqliteReaderCacheBytes: 8 * MiB,
  /**
   * The log is written back into the database when it is this large, and a page that several chunks wrote is then written once. With
   * three million orders a chunk of random ids writes 70 MB of pages. Measured there: a fifth faster than with 64 MiB.
   */
  sqliteWalBytes: 256 * MiB,
  /** How often it is looked whether the database can be read and written; each time one page is written and synced. */
  sqliteProbeMs: 5_000,
  /** Then the writer is busy: a large transaction, or the log being written back, takes a second or two. */
  sqliteProbeAnswerMs: 1_000,
  /** And after that it hangs. */
  sqliteSilentMs: 30_000,
  /** A log of as many pages is written back after such a look, so that it does not grow while nothing happens: some ms of work. */
  sqliteIdleLogPages: 500,
  /** A database of this size is checked for damage at each start: some 30 ms. A larger one by `oms verify`. */
  sqliteCheckedBytes: 16 * MiB,
  /** What `oms verify` tells of a damaged database: enough to see how far it goes. */
  damageLines: 20,
  /** Rows of one statement. Measured: more are not faster. */
  sqliteRowsAtOnce: 50,
  /** Writer requests are collected into one transaction until this much time has passed, so that small ones share an fsync. */
  sqliteGroupCommitMs: 30,

  // MongoDB.
  /** Finding a server, and waiting for a free connection: an election takes less; then the file waits and says so. */
  mongoSelectMs: 5_000,
  mongoConnectMs: 5_000,
  /** Silence on a connection in the middle of an operation. The slowest, a chunk of orders on a busy cluster, takes a second or two. */
  mongoSocketMs: 30_000,
  /** One look of the driver at a server, which it ends by itself after 15 s unless it is stuck. */
  mongoStuckMs: 20_000,
  /** One call of the store, all its rounds together: a chunk takes a second or two. */
  mongoOperationMs: 90_000,
  /** Connections of one thread: its files in work use a few each. */
  mongoConnections: 30,
  /** Documents of one answer: a chunk's worth, so that a look is one round trip. */
  mongoBatchDocuments: 5_000,
  /** Orders of one insert, and inserts of a chunk under way at once: one is made while the server has another. */
  mongoInsertDocuments: 1_000,
  mongoConcurrentInserts: 3,
  /** Rounds of a write that others keep winning, and the pauses between them: the file then waits like in an outage. */
  mongoRounds: 8,
  mongoRoundBackoff: { firstMs: 2, lastMs: 250 },
  /** Rounds of a single compare-and-swap on a stock row that many adjust at once. */
  mongoSwapRounds: 200,
  /** Stock changes under way at once for one request. */
  mongoConcurrentChanges: 16,
  /** Idempotent changes that a stock row remembers: far more than are repeated to it in a day. */
  mongoStockOperations: 300,
  /** Clocks may differ by this much between a worker and the database: leases of a minute then still do their work. */
  mongoClockSkewMs: 20_000,
  /** A file whose creation broke off is removed after this long: far longer than any creation takes. */
  mongoCreatingMs: 24 * 60 * 60 * 1000,
  /** What `oms verify` looks up at once: a request of some tens of KB. */
  verifySuspects: 1_000,
  /** How often the outbox is looked at for subscribers, once for all of them. */
  mongoOutboxPollMs: 250,

  // Checking a row.
  /** A text of an order, in characters: an address or a product's name with room to spare. */
  maxTextChars: 500,
  /** A value shown in a reason: enough to recognise it in the file. */
  maxReasonValueChars: 60,
  /** A reason that comes with a report: as long as those that are made here. */
  maxReasonChars: 1_000,
  /** What the inventory service says of an item it refuses: a sentence or two. */
  maxServiceWordsChars: 200,
  /** Days whose offset from UTC is remembered for dates without one: some eleven years, in about 200 KB. */
  maxZoneOffsetDays: 4_096,

  // Asking the IMS.
  /** Pairs of SKU and hub that a file goes on with from chunk to chunk, with their answers: some 2 MB. Each chunk has its own beside. */
  pairsKept: 10_000,
  pairsKeptChars: 512 * KiB,
  /** How much older than the cache's an answer may get by it. */
  pairsKeptMs: 2_000,
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
  /** For how long a pair that was answered yes is one that the IMS must take: what is withdrawn is answered no, not refused. */
  imsGoodPairMs: 60 * 60_000,
  /** Single pairs of a refused batch that are tried before there is such a one: of a batch with some unknown items most are known. */
  imsSamples: 8,
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

  // Rejections.
  /**
   * Of one file: a file with more is wrong as a whole, its report is more than a spreadsheet takes (1,048,576 rows), and a few bytes of
   * gzip must not fill the disk. Bytes are about those of the report, and bound what the store keeps, too: see `packed-rejections.ts`.
   */
  maxRejectedRows: 1_000_000,
  maxRejectedBytes: 512 * MiB,

  // Lists.
  /** Orders looked at for one slice of a filtered list: some 3 ms of reading. */
  maxScanOrders: 5_000,
  /** Words of a search that are looked at, and characters of a word: more than a name has. Each is a part of a pattern, whose size engines bound. */
  searchWords: 10,
  searchWordChars: 100,
  /**
   * Items of a slice: some 5 ms of reading and making JSON, and two questions to a database for the largest page. Slices of a page: one
   * that looks at more orders is short, and has a cursor.
   */
  sliceItems: 500,
  pageSlices: 10,
  /** A page ends when it has so many characters. */
  pageChars: 8 * MiB,
  /** Searches and large pages at once, on two cores beside ingestion; the others wait, some seconds at most. */
  heavyReads: 4,
  heavyReadsQueued: 200,
  /** A page of up to so many items, without a scan, waits for nobody. */
  lightPageItems: 100,

  // Stock.
  /** Stock levels that the writer keeps in memory: some 10 MB of them. */
  stockLevelsKept: 100_000,
  /** Largest stock of one SKU at one hub: sums of it stay exact. */
  maxStock: 1_000_000_000_000,
  /** Rejections looked at for one slice of a list by code. */
  maxScanRejections: 2_000,
  /** Values of one slice of rejections, as a row may have as many as a record: the slice is short then, and has a cursor. */
  rejectionPageChars: 1 * MiB,

  // The job queue.
  /** A delivered message is hidden for this long; a worker extends it at a third. Also the lease on a file. */
  queueVisibilityMs: 60_000,
  /** No message is hidden for longer, by far: one that is was hidden before the clock was set back. */
  queueLongestHiddenMs: 15 * 60_000,
  /** Deliveries after which a message is dead. Far above `maxStrikes`: refused claims and restarts deliver again, too. */
  maxDeliveries: 1_000,

  // Objects.
  /** One read of an object: large enough that the calls do not count, small against the memory of a worker. */
  readBytes: 256 * KiB,
  /** Below this the disk counts as full before it is, for uploads and reports: the database needs room to finish what is begun. */
  minFreeBytes: 16 * MiB,
  /** Written at most before it is looked again how much is free: little against that. */
  freeCheckBytes: 1 * MiB,

  // S3 and SQS.
  /** A connection that is not made within this never will be. */
  awsConnectMs: 5_000,
  /** Nothing came or went on a socket for this long: it is dead. */
  s3SilenceMs: 15_000,
  /**
   * A small request, all its tries together, until its answer begins; and how long a reader of an object tries without getting one
   * byte. Longer than one silence, so that a single one costs no more than another try; then the file says what it waits for.
   */
  s3AnswerMs: 25_000,
  /** What is left of an upload that failed is removed within this, or left to the sweeper: the client waits for its answer. */
  s3CleanUpMs: 5_000,
  /** The longest wait for a message is silent for 20 s. */
  sqsSilenceMs: 30_000,
  /** Any request but that, all its tries together: an upload waits for it, and so does the renewal of a lease, which is a minute long. */
  sqsAnswerMs: 15_000,
  /** Tries of one request, the first included: they bridge a throttle or a reset; whoever called waits out an outage. */
  awsTries: 3,
  /** Sockets of one client: parts in flight of as many uploads as a network carries; more wait for their turn. */
  awsSockets: 200,
  /** A part of an upload: with those in flight, the one being filled and its copy, an upload holds 30 MiB. */
  s3PartBytes: 10 * MiB,
  s3PartsInFlight: 2,
  /** What all uploads of a process may hold at once: some twenty large ones, or thousands of small ones. */
  s3HeldBytes: 640 * MiB,
  /** What S3 allows. */
  s3MaxParts: 10_000,
  /** Tries in a row of an object's reader that bring not one byte. */
  s3ReadTries: 4,
  s3ReadBackoff: { firstMs: 200, lastMs: 3_000 },
  /** The longest wait for a message that SQS allows, and the longest time that it hides one. */
  sqsWaitSeconds: 20,
  sqsHideSeconds: 43_200,
  /** A visibility timeout under this ends before a worker has extended it: it does so at a third, over a network. */
  sqsLeastVisibilityMs: 5_000,
  /** Messages that a redrive takes at once: what SQS hands out at most. */
  sqsRedriveMessages: 10,
  /** How long they are hidden from another redrive: ten messages are moved well within it. */
  sqsRedriveSeconds: 60,
  /** Why a message is dead, as it is kept with it: a sentence, with room for values. */
  sqsReasonChars: 1_000,

  // Uploads.
  /**
   * A connection on which nothing moved for this long is closed: slow is fine, silent is not. Longer than an upload to an object store
   * that hangs takes to fail, so that its client is told.
   */
  uploadIdleMs: 60_000,
  /**
   * Uploads under way at once: each holds a socket, a file and some buffers. One address has some left for others, and enough for a
   * proxy through which all come.
   */
  maxUploads: 2_000,
  maxUploadsOfAddress: 1_500,
  /**
   * The least that a request's body has to bring, in each of these windows: a phone at the edge of its network brings some KB a second.
   * The window is as long as a silence may be. Where all places are taken one that is slower gives up its own, once it had a moment.
   */
  bodyBytesPerSecond: 100,
  bodyRateWindowMs: 60_000,
  bodyRateFirstMs: 2_000,
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
  /** SQS ends a delivery after 12 hours, however often it was extended: before that the file goes on under a new message. */
  maxDeliveryMs: 11 * 60 * 60 * 1000,
  /** One wait for a message; SQS ends long polls at this, too. */
  receiveWaitMs: 20_000,
  /** Pauses between tries while an engine is down: doubled from the first to the last, with jitter. */
  outageBackoff: { firstMs: 250, lastMs: 10_000 },
  /**
   * Pauses in a row for errors that a database gives no known reason for, some ten minutes: then the try counts as one that failed on
   * the file, so that a file that breaks it is given up in the end. One that is broken for all cannot be claimed in: it counts nothing.
   */
  unknownErrorPauses: 90,
  /** Rejections read at once while a report is written. */
  reportPageRows: 1_000,
  /** How often the file is told how far its report is: people watch it, and each time is a write. */
  reportProgressMs: 1_000,
  /** How often files are looked for that are open but that no worker holds, and how long they must have been quiet. */
  sweepMs: 30_000,
  strandedMs: 120_000,
  sweepFiles: 1_000,
  /** How old an object without a file must be where other processes may be about to record it; also how often they are looked for. */
  orphanMs: 60 * 60 * 1000,
  /** A graceful stop gives running work this long. */
  stopMs: 8_000,

  // Events.
  /** Orders of one batch of the outbox on SQLite: some 1 MB of events. */
  publishOrders: 1_000,
  /** How often the publisher looks for new orders: what an event may be late when nothing else is. */
  publishPollMs: 200,
  /** The lease on publishing: another publisher takes over when its holder has been silent for this long. */
  publishLeaseMs: 15_000,
  /** Events read at once for one subscriber. */
  eventBatch: 200,
  /** Pause that a client of an event subscription is told to make before it reconnects. */
  sseRetryMs: 1_000,
  /** A comment line keeps a quiet subscription open through proxies. */
  sseKeepAliveMs: 15_000,
  /** How often files are looked at for streams of progress. */
  progressMs: 250,
  /** Open files asked for one by one in a look, as they have left its lists: small reads by key. */
  progressLookups: 100,
  /** Files that wait to be sent to one subscriber, or to be looked at again: some 1 KB each. */
  maxProgressChanges: 1_000,
  /** Of them, sent at once. */
  progressBatch: 100,

  // The event stream in Kafka.
  /** Connecting to a broker, and naming oneself to it: brokers on other continents answer sooner. */
  kafkaConnectMs: 3_000,
  /** What a broker may take to have a batch on all replicas, or to make a topic; a request waits longer than that. */
  kafkaAckMs: 10_000,
  kafkaRequestMs: 15_000,
  /** Tries after the first: they bridge a new leader of a partition; a longer outage is for the caller to wait. */
  kafkaRetries: 3,
  kafkaRetryDelayMs: 100,
  kafkaMaxRetryDelayMs: 1_000,
  /** Until the partitions of a new topic have leaders. */
  kafkaLeaderMs: 8_000,
  /** Failures of a reader in a row, a second or more apart: they bridge the restart of a broker. */
  kafkaReaderRetries: 10,
  /** Messages of one request before compression: one partition's share is below the 1 MiB that a broker takes at most. */
  kafkaRequestBytes: 900 * KiB,
  /** A member of a group that was silent for this long is dropped; it says that it is there every tenth of that. */
  kafkaSessionMs: 30_000,
  kafkaHeartbeatMs: 3_000,
  /** How long a fetch waits for events: also what the end of a reader may take. */
  kafkaFetchWaitMs: 500,
  /** One fetch, before decompression: JSON of orders grows some ten times. */
  kafkaFetchPartitionBytes: 64 * KiB,
  kafkaFetchBytes: 256 * KiB,
  /** How soon partitions that were added are seen. */
  kafkaMetadataMs: 60_000,
  /** The newest events kept for all subscribers, of all partitions: some seconds at full speed. */
  kafkaKeptEvents: 20_000,
  kafkaKeptBytes: 32 * MiB,
  /** Subscribers that read from Kafka at once because they are further back: each has a consumer and what it has read. */
  kafkaReplays: 8,
  /** Read ahead for one of them, beside one fetch. */
  kafkaReplayEvents: 1_000,
  kafkaReplayBytes: 2 * MiB,
  /** One that takes nothing for this long gives its place to another. */
  kafkaReplayIdleMs: 10_000,
  /** Without events for this long it is looked whether those to be read are still there. */
  kafkaReplayQuietMs: 5_000,
  /** A close waits this long for consumers to leave their groups: one whose broker is gone cannot. */
  kafkaCloseMs: 5_000,

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
  maxConnectionsOfAddress: 8_000,
  /** Streams of events at once, some 20 KB each. */
  maxStreams: 2_000,
  maxStreamsOfAddress: 1_500,
  /** Rounds of the event loop in a row that only take in new connections, some 0.1 ms each, while work waits. */
  maxRoundsForArrivals: 50,
  /** Requests that came behind another one on their connection, some KB each; one read brings some thousand at most. */
  maxWaitingRequests: 10_000,
  /** What clients have not read of their answers, all together, and how often it is looked at. */
  unreadBytes: 64 * MiB,
  connectionCheckMs: 250,
  /** An engine's answer at the start: long enough for one that is just coming up. */
  startCheckMs: 10_000,
  /** One dependency's answer to `/readyz`. */
  pingMs: 2_000,
  /** A stock CSV or JSON body: some 200,000 rows. More comes in parts. */
  maxInventoryBytes: 16 * MiB,
  maxInventoryItems: 250_000,
  stockBatchItems: 5_000,
  /** Stock levels that are looked up in one go: some 3 ms. */
  stockLookups: 1_000,
  /** Errors of a stock CSV that are told one by one; of the others only how many there are. */
  stockErrors: 100,
  /** Buckets of `/stats/history`: without `from`, and at most. */
  historyBuckets: 60,
  maxHistoryBuckets: 10_000,
  /** Lines of the log that requests cause: one of each kind in this time, so that a flood of them does not fill the disk. */
  repeatedLogMs: 1_000,
  /** `/stats` rows per second: sampled this often, over this window. */
  rateSampleMs: 1_000,
  rateWindowMs: 10_000,

  // Threads.
  /**
   * The heaps of the threads. Left alone, V8 lets garbage grow with the machine's memory; a small young generation keeps it where it
   * is cheap to collect. The old generation is a bound against leaks, far above what is used.
   */
  workerHeap: { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 1024 },
  writerHeap: { maxYoungGenerationSizeMb: 6, maxOldGenerationSizeMb: 512 },

  // Engines for tests, and the stack on one machine.
  /** Fetching an engine at its first use: some 100 MB over a slow line. */
  engineFetchMs: 10 * 60_000,
  /** From the start of an engine to its first answer: a JVM on two busy cores takes some 20 s. */
  engineStartMs: 120_000,
  /** How much of what an engine said last is told when it does not start: one stack trace. */
  engineLastWordsChars: 2_000,
  /** `docker info` takes well under a second where Docker runs; where it hangs there is none. */
  dockerAnswerMs: 10_000,
  /** The demonstration from the first question to the last event: the stack may just be starting. */
  stackDemoMs: 3 * 60_000,
} as const;
