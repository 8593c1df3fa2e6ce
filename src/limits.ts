/**
 * Every bound of the system in one place, unit last, each with its reason (INV-6: nothing grows without a limit).
 * Bounds that a user may set are in `config.ts`.
 */
const KiB = 1024;
const MiB = 1024 * KiB;

/** A text of an order, in characters: an address or a product's name with room to spare. */
const maxTextChars = 500;

export const limits = {
  // Reading a file.
  /** Bytes read to decide the delimiter, and, from the first that is not ASCII on, the encoding: some 7,000 rows of evidence. */
  detectBytes: 1 * MiB,
  /** Bytes parsed at a time, some 2 ms of work: larger is not faster, much smaller costs more awaits than parsing. */
  readBlockBytes: 64 * KiB,
  /** One CSV record, and so the reader's buffer. A real order is under 2 KiB; a quote that never closes stops here. */
  maxRecordBytes: 1 * MiB,
  /** Rows, and characters, that are searched for the header where the first row is none, to report titles above it. */
  headerSearchRows: 20,
  headerSearchChars: 32 * KiB,
  /** What a preview reads of a file: enough rows to prove how its numbers and dates are written. */
  previewBytes: 1 * MiB,
  previewEvidenceRows: 1_000,
  /** Their cells, where there are many columns: each is looked at several times, and a thousand take some 2 ms. */
  previewEvidenceCells: 60_000,
  /** One record: an order has far less, and a record of delimiters is split in some ms. */
  previewRecordBytes: 64 * KiB,
  /** Characters parsed without a pause: some 4 ms where all are line ends. */
  previewSliceChars: 16 * KiB,
  /** Characters, and rows, that are searched for the header, once for each delimiter; and how many titles may be above it. */
  previewHeadChars: 64 * KiB,
  previewHeadRows: 50,
  previewTitles: 30,
  /** Rows that a preview shows as they would be read. */
  previewRows: 20,
  /** Previews in memory, some 5 MiB each, and those in work; the others wait. One address leaves some to others. */
  maxPreviews: 32,
  previewShares: { ofAddress: 24, ofPrincipal: 8 },
  previewsAtOnce: 2,
  /** Characters that are searched for the header of a saved format, which may be below titles: two of the longest headers. */
  formatSearchChars: 128 * KiB,
  /** Columns of a header: orders have 11; a spreadsheet with every column used is a mistake. */
  maxColumns: 256,
  /** All names of a header together: 256 long ones. Each file record keeps them, and so does each list of files in memory. */
  maxHeaderChars: 64 * KiB,
  /** A format as JSON: the names of the columns that it was made from are most of it. */
  maxFormatBytes: 64 * KiB,
  /** Names that one column of an order is taken from or joined from, patterns of dates, texts that rows must have one of. */
  maxFormatNames: 20,
  maxDatePatterns: 10,
  maxFormatTexts: 100,
  /** A name, a constant or a text of a format. */
  maxFormatTextChars: maxTextChars,
  /** Rows above a header: titles, an address, a logo's empty lines. */
  maxSkippedRows: 100,
  /** Rows that are in memory as objects at the same time. */
  maxPartRows: 1_000,
  /**
   * A chunk is one transaction. The first are small, so that a file soon shows progress; then each is as large as all before it, up to
   * the maximum. Measured: a chunk of 20,000 takes a third less of the writer's time per row than one of 5,000, as it writes each page of
   * the index of order ids and each stock row once. With more, other calls wait too long for the writer (it takes some 80 ms).
   */
  firstChunkRows: 5_000,
  maxChunkRows: 20_000,
  maxChunkBytes: 4 * MiB,
  /** Of a file with a stop rule: so many rows are decided after the one that reaches it, at the most. */
  stopRuleChunkRows: 1_000,
  /** From this row on a share of invalid rows says something about the rest of the file. */
  stopShareFromRows: 1_000,
  /** A file that waits for an engine for longer needs attention: most outages are restarts. */
  attentionWaitMs: 300_000,
  /** Later files that a file names as those that fixed its rows. The list of its corrections has all. */
  fixedByFiles: 20,
  /** Bytes inflated at a time. They grow at most a thousandfold, and all of that is in memory at the same time. */
  inflateBlockBytes: 8 * KiB,
  /** The header of a gzip member: an extra field of up to 64 KiB, a name, a comment. */
  maxGzipHeaderBytes: 128 * KiB,
  /**
   * A gzip file, or a part of a workbook, that grows more than this is a bomb; checked from `gzipRatioFromBytes` on. CSV seldom exceeds 50.
   */
  maxGzipRatio: 250,
  gzipRatioFromBytes: 64 * MiB,
  /** The parts of a workbook (.xlsx): one for each sheet, and some for each picture. */
  maxWorkbookParts: 10_000,
  /** Elements within elements: a sheet has eight. */
  maxXmlDepth: 64,
  /** One tag, text or comment: a cell has at most 32,767 characters. It is in memory as a whole. */
  maxXmlTokenChars: 1 * MiB,
  /** As spreadsheets have them, and cells of a row with a value: each of these columns is a delimiter in every row. */
  maxSheetRows: 1_048_576,
  maxSheetColumns: 1_024,
  /** The list of sheets: all names of them are in memory. */
  maxSheets: 1_000,
  /** Cell styles of a workbook: spreadsheets have 65,490 at most. */
  maxCellStyles: 100_000,
  /**
   * The texts of a workbook's cells, which are apart from its rows: so many bytes are in memory, the others in a temporary file, of which
   * as many are kept. All together: their places are numbers of 32 bits.
   */
  sheetTextsInMemoryBytes: 16 * MiB,
  maxSheetTextsBytes: 4096 * MiB - 1,
  maxSheetTexts: 20_000_000,
  /** A workbook is previewed as a whole, as its directory is at its end; and what its parts may have once unpacked. */
  previewWorkbookBytes: 4 * MiB,
  previewUnpackedBytes: 256 * MiB,
  /** Notes on the cells of a report: a spreadsheet takes seconds to open a file with more, and all are in memory while it is written. */
  maxReportNotes: 10_000,

  // Backfills.
  /** Rows of one step: some 20 ms of the writer of SQLite, or one or two round trips to MongoDB. */
  backfillRows: 1_000,
  /** The pause between two steps, so that the service hardly notices: a million rows take a minute. */
  backfillPauseMs: 20,
  /** Another process takes over when the holder of the lease has been silent for this long. */
  backfillLeaseMs: 15_000,

  // SQLite.
  /** Measured: 8 KiB pages take random order ids faster than 4 KiB. Fixed when the database is created. */
  sqlitePageBytes: 8 * KiB,
  /** How long a connection waits for a lock that another process holds, a backup for example. */
  sqliteBusyMs: 5_000,
  /** The writer's page cache: it holds the index of order ids of half a million orders. The system caches the rest. */
  sqliteWriterCacheBytes: 16 * MiB,
  sqliteReaderCacheBytes: 8 * MiB,
  /**
   * The log is written back into the database when it is this large, and a page that several chunks wrote is then written once. With
   * three million orders a chunk of random ids writes 70 MB of pages. Measured there: a fifth faster than with 64 MiB.
   */
  sqliteWalBytes: 256 * MiB,
  /** How often the database is probed; each probe reads, and writes and syncs one page. */
  sqliteProbeMs: 5_000,
  /** After this time without an answer the writer counts as busy: a large transaction, or a checkpoint, takes a second or two. */
  sqliteProbeAnswerMs: 1_000,
  /** After this time it counts as hanging. */
  sqliteSilentMs: 30_000,
  /** After a probe a log of this many pages is written back, so that it does not grow while the service is idle: some ms of work. */
  sqliteIdleLogPages: 500,
  /** A database of this size is checked for damage at each start: some 30 ms. A larger one by `oms verify`. */
  sqliteCheckedBytes: 16 * MiB,
  /** Lines about damage that `oms verify` prints: enough to see its extent. */
  damageLines: 20,
  /** Rows of one statement. Measured: more are not faster. */
  sqliteRowsAtOnce: 50,
  /**
   * Orders and items of one call that changes orders: some 15 ms of the writer's time, so that other calls come in between.
   */
  sqliteChangesAtOnce: 500,
  /** Such calls under way: the writer finds the second when it has done the first, and the third collects requests meanwhile. */
  sqliteChangeCalls: 2,
  /** Writer requests are collected into one transaction until this much time has passed, so that small ones share an fsync. */
  sqliteGroupCommitMs: 30,

  // MongoDB.
  /** Processes that start together wait for the one that migrates, which renews its lease three times in this time. */
  mongoMigrationLeaseMs: 30_000,
  mongoMigrationPollMs: 250,
  /** Finding a server, and waiting for a free connection. An election takes less. After this the file waits and says so. */
  mongoSelectMs: 5_000,
  mongoConnectMs: 5_000,
  /** Silence on a connection in the middle of an operation. The slowest, a chunk of orders on a busy cluster, takes a second or two. */
  mongoSocketMs: 30_000,
  /** One heartbeat of the driver, which the driver ends after 15 s unless it is stuck. */
  mongoStuckMs: 20_000,
  /** One call of the store with all its rounds: a chunk takes a second or two. */
  mongoOperationMs: 90_000,
  /** Connections of one thread: its files in work use a few each. */
  mongoConnections: 30,
  /** Documents of one response: a chunk's worth, so that reading them is one round trip. */
  mongoBatchDocuments: 5_000,
  /** Orders of one insert, and concurrent inserts of a chunk: one is encoded while the server works on another. */
  mongoInsertDocuments: 1_000,
  mongoConcurrentInserts: 3,
  /** Rounds of a write that other writers keep winning, and the pauses between them. Then the file waits as in an outage. */
  mongoRounds: 8,
  mongoRoundBackoff: { firstMs: 2, lastMs: 250 },
  /** Rounds of one compare-and-swap on a stock row that many clients adjust at the same time. */
  mongoSwapRounds: 200,
  /** Concurrent stock changes of one request. */
  mongoConcurrentChanges: 16,
  /** Idempotent changes that a stock row remembers: far more than clients repeat in a day. */
  mongoStockOperations: 300,
  /**
   * Rounds of a change of an order that others change at the same time, each of whom wins one. Errors of a change in a row after which it
   * is an outage.
   */
  mongoChangeRounds: 50,
  mongoChangeErrors: 3,
  /** A change gives its tickets back before it is answered if that takes no longer: nobody who was answered has to wait for stock. */
  mongoReleaseMs: 2_000,
  /** Tickets of this age were left behind by a process that died: a change takes some ms. */
  mongoTicketMs: 60_000,
  /** Changes in work for one stock row in one process, as each has a ticket in it of some 150 bytes; more wait, and still more are refused. */
  mongoTicketsOfRow: 250,
  mongoTicketsWaiting: 1_000,
  /** Stock rows that one sweep looks at, and tickets that it uses up: two or three calls each, some seconds. The next sweep goes on. */
  mongoSweepRows: 100,
  mongoSweepTickets: 1_000,
  /** Plans of chunks that one sweep takes deleted orders out of: some 50 ms each. */
  mongoBlankedPlans: 100,
  /** Requests under keys that an order remembers as refused: the newest. */
  mongoRefusedRequests: 100,
  /** Orders whose changes are published together. */
  mongoPublishOrders: 100,
  /** Their documents: a batch ends with the order that exceeds this. */
  mongoPublishBytes: 8 * MiB,
  /** Orders with changes that are not counted yet, which each reading of the sums adds. While events wait for long, sums are behind. */
  maxUncountedOrders: 1_000,
  /** Requests of a batch that are carried out at the same time. */
  mongoConcurrentOrders: 16,
  /** Clocks may differ by this much between a worker and the database: leases of a minute then still do their work. */
  mongoClockSkewMs: 20_000,
  /** A half-created file is removed after this long: far longer than any creation takes. */
  mongoCreatingMs: 24 * 60 * 60 * 1000,
  /** Documents that `oms verify` looks up in one request of some tens of KB. */
  verifySuspects: 1_000,
  /** Looks of `oms verify` at a stock row, and the pause between them: what is off must stay off by the same. */
  verifyLooks: 3,
  verifyLookMs: 50,
  /** Tickets of this age should have been swept long ago. */
  verifyTicketMs: 60 * 60 * 1000,
  /** How often the outbox is polled, once for all subscribers. */
  mongoOutboxPollMs: 250,

  // Checking a row.
  maxTextChars,
  /** Items of an order: as many lines as a delivery note of a few pages has. */
  maxOrderItems: 100,
  /** Changes of an order that its history keeps. */
  maxOrderChanges: 1_000,
  /** Edits end at this version, so that its status can always change, and it can be deleted. */
  maxOrderEdits: 900,
  /** The history of an order as stored: edits end here. A document of MongoDB has 16 MiB, and a response with it all is one page. */
  maxHistoryBytes: 12 * MiB,
  /** Orders of one request. */
  maxOrdersOfBatch: 1_000,
  /** Orders of a batch that are looked up together before it is carried out: half a millisecond on SQLite, one trip to MongoDB. */
  orderLookups: 16,
  /** How often a request is judged again because its order was changed at that moment. */
  orderRounds: 8,
  /** How long a body that is wrong anyway waits for what the inventory service does not know. */
  tellUnknownMs: 1_000,
  /** Mistakes of one body that are listed one by one. The others are only counted. */
  maxMistakes: 100,
  /** The name of a member that a pointer names: far longer than any that exists. */
  maxPointerNameChars: 100,
  /** A text in JSON with its blanks. A longer one is too long, whatever it holds, and not looked into. */
  maxValueChars: 10_000,
  /** A value quoted in a reason: enough to recognise it in the file. */
  maxReasonValueChars: 60,
  /** A reason that is uploaded with a report: as long as those that the service writes. */
  maxReasonChars: 1_000,
  /** The inventory service's message about an item that it refuses: a sentence or two. */
  maxServiceWordsChars: 200,
  /** Days whose offset from UTC is remembered for dates without one: some eleven years, in about 200 KB. */
  maxZoneOffsetDays: 4_096,

  // The workflow.
  /** More states than people can tell apart. */
  maxWorkflowStates: 50,
  /** A file of that many states takes a tenth of it. */
  maxWorkflowBytes: 64 * KiB,

  // Asking the IMS.
  /** Pairs of SKU and hub that a file keeps from chunk to chunk, with their answers: some 2 MB. Each chunk has its own in addition. */
  pairsKept: 10_000,
  pairsKeptChars: 512 * KiB,
  /** How much longer than the cache a file may keep an answer. */
  pairsKeptMs: 2_000,
  /** Items of one request: the maximum of its interface. */
  imsBatchItems: 500,
  /** Concurrent requests: enough to hide the latency of a chunk's ten batches without being a load test. */
  imsConcurrentRequests: 4,
  /** Batches that may queue: a hundred files with a full chunk each. */
  imsQueuedBatches: 1_000,
  /** One request, its body included. */
  imsTimeoutMs: 3_000,
  /** Retries: they bridge a restart of one instance. In a longer outage the file waits. */
  imsRetries: 3,
  imsRetryDelayMs: 100,
  imsMaxRetryDelayMs: 1_000,
  /** Failed requests in a row that open the circuit breaker: two full rounds of concurrent batches and some. */
  imsBreakerFailures: 10,
  /** After this time one request is let through, to test whether the IMS is back. */
  imsBreakerOpenMs: 5_000,
  /** A yes seldom changes. A no is often a product that is about to be added before the same file is uploaded again. */
  imsValidTtlMs: 5 * 60_000,
  imsInvalidTtlMs: 10_000,
  /** How long a pair that was answered yes is a known good one: a withdrawn product is answered no, not refused. */
  imsGoodPairMs: 60 * 60_000,
  /** Single pairs of a refused batch that are tried while there is no good pair: most items of a batch are known ones. */
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

  // The reference decision service.
  /** An order with the most items, each with the longest texts. */
  decisionServiceBodyBytes: 1 * MiB,

  // Work on files.
  /** Crashed claims in a row without a committed chunk, after which a file is given up as `internal`. */
  maxStrikes: 10,
  /** With more, a file may be what crashes the worker: it is then worked on alone, so that other files are not charged. */
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
  /** Orders scanned for one slice of a filtered list: some 3 ms of reading. */
  maxScanOrders: 5_000,
  /** What a range of numbers costs at least, as many orders: each is a query. */
  leastScanOrders: 20,
  /** Numbers of which SQLite counts the orders of each status together: a chunk has some 300 such windows, a row per window is 20 bytes. */
  statusWindowNumbers: 64,
  /** Entries of the audit log scanned for one slice of a filtered list: some 5 ms of reading where they lie far apart. */
  maxScanAudit: 1_000,
  /** Words of a search that count, and characters of a word: more than a name has. Engines bound the size of the pattern of all words. */
  searchWords: 10,
  searchWordChars: 100,
  /**
   * Items of a slice: some 5 ms of reading and encoding, and two queries for the largest page. Slices of a page: a page whose filter
   * scans more orders is short, and has a cursor.
   */
  sliceItems: 500,
  pageSlices: 10,
  /** A page ends when it has this many characters. */
  pageChars: 8 * MiB,
  /** Concurrent searches and large pages, on two cores beside ingestion. Further ones wait some seconds at most. */
  heavyReads: 4,
  heavyReadsQueued: 200,
  /** One principal leaves most of them to others. */
  heavyReadsOfPrincipal: 50,
  /** A page of up to this many items without a scan does not count as heavy. */
  lightPageItems: 100,

  // Stock.
  /** Stock levels that the writer keeps in memory: some 10 MB of them. */
  stockLevelsKept: 100_000,
  /** Largest stock of one SKU at one hub: sums of it stay exact. */
  maxStock: 1_000_000_000_000,
  /** Rejections scanned for one slice of a list by code. */
  maxScanRejections: 2_000,
  /** Characters of one slice of rejections. One row may have as many: then the slice is short, and has a cursor. */
  rejectionPageChars: 1 * MiB,

  // The job queue.
  /** A delivered message is hidden for this long; a worker extends it at a third. Also the lease on a file. */
  queueVisibilityMs: 60_000,
  /** Far longer than any message is hidden. One that is hidden for longer was hidden before the clock was set back. */
  queueLongestHiddenMs: 15 * 60_000,
  /** Deliveries after which a message is dead. Far above `maxStrikes`: refused claims and restarts deliver again, too. */
  maxDeliveries: 1_000,

  // Objects.
  /** One read of an object: large enough that the calls cost nothing, small against the memory of a worker. */
  readBytes: 256 * KiB,
  /** With less free space the disk counts as full for uploads and reports: the database needs room to finish work that has begun. */
  minFreeBytes: 16 * MiB,
  /** Bytes written at most between two checks of the free space: little against it. */
  freeCheckBytes: 1 * MiB,

  // S3 and SQS.
  /** A connection that takes longer never comes. */
  awsConnectMs: 5_000,
  /** A socket without traffic for this long is dead. */
  s3SilenceMs: 15_000,
  /**
   * A small request with all its tries, until its answer begins; and how long a reader of an object tries without one byte. Longer than
   * one silence, so that a single silence costs only another try. After this the file says what it waits for.
   */
  s3AnswerMs: 25_000,
  /** Time to remove the rest of a failed upload while the client waits for its answer. After this the sweeper removes it. */
  s3CleanUpMs: 5_000,
  /** The longest wait for a message is silent for 20 s. */
  sqsSilenceMs: 30_000,
  /** Any other request with all its tries: an upload waits for it, and so does the renewal of a lease of a minute. */
  sqsAnswerMs: 15_000,
  /** Tries of one request, the first included: they bridge throttling or a reset. In an outage the caller waits. */
  awsTries: 3,
  /** Sockets of one client: parts in flight of as many uploads as a network carries. Further requests queue. */
  awsSockets: 200,
  /** A part of an upload: with those in flight, the one being filled and its copy, an upload holds 30 MiB. */
  s3PartBytes: 10 * MiB,
  s3PartsInFlight: 2,
  /** Memory of all uploads of a process: some twenty large ones, or thousands of small ones. */
  s3HeldBytes: 640 * MiB,
  /** The maximum of S3. */
  s3MaxParts: 10_000,
  /** Tries in a row of an object's reader without one byte. */
  s3ReadTries: 4,
  s3ReadBackoff: { firstMs: 200, lastMs: 3_000 },
  /** The longest wait for a message that SQS allows, and the longest time that it hides one. */
  sqsWaitSeconds: 20,
  sqsHideSeconds: 43_200,
  /** A shorter visibility timeout ends before a worker extends it, which it does at a third of it, over a network. */
  sqsLeastVisibilityMs: 5_000,
  /** Messages that a redrive receives at a time: the maximum of SQS. */
  sqsRedriveMessages: 10,
  /** How long they are hidden from another redrive: ten messages are moved well within it. */
  sqsRedriveSeconds: 60,
  /** Why a message is dead, stored with it: a sentence, with room for values. */
  sqsReasonChars: 1_000,

  // Uploads.
  /**
   * A connection without traffic for this long is closed: slow is fine, silent is not. Longer than an upload to a hanging object store
   * takes to fail, so that its client gets the error.
   */
  uploadIdleMs: 60_000,
  /**
   * Concurrent uploads: each holds a socket, a file and some buffers. One address leaves some to others, and has enough for a proxy
   * in front of all clients. One principal has enough for a script that uploads a folder.
   */
  maxUploads: 2_000,
  uploadShares: { ofAddress: 1_500, ofPrincipal: 20 },
  /**
   * The minimum rate of a request's body, in each of these windows: a phone at the edge of its network sends some KB a second. The window
   * is as long as a silence may be. When all places are taken, a slower upload loses its place after a moment.
   */
  bodyBytesPerSecond: 100,
  bodyRateWindowMs: 60_000,
  bodyRateFirstMs: 2_000,
  /** Longest name kept of an uploaded file, the same as file systems have. */
  maxNameChars: 255,
  maxIdempotencyKeyChars: 255,

  // Workers.
  /**
   * Files of one principal that have not ended, where access is required. As each of them has a slot for a turn at most while others wait,
   * the file of another principal waits two minutes at worst, and usually some seconds.
   */
  openFilesOfPrincipal: 100,
  /** Files in work in one worker: each holds two chunks in memory. */
  workerSlots: 4,
  /** Of these, for the files of one uploader, where access is required: one is always left for others. */
  workerSlotsOfPrincipal: 3,
  /** The pause before a worker takes the next message, after one whose uploader has his share: 100 of them hold up others for 5 s. */
  overShareMs: 50,
  /** After this time a file gives its slot to one that waits, so that a large file never starves a small one. */
  turnMs: 5_000,
  /** How often a worker with full slots checks whether a file waits. */
  turnCheckMs: 500,
  /** How often a worker checks whether its file was cancelled: users wait for it. */
  cancelCheckMs: 1_000,
  /** SQS ends a delivery after 12 hours, however often it was extended: before that the file continues under a new message. */
  maxDeliveryMs: 11 * 60 * 60 * 1000,
  /** One wait for a message; SQS ends long polls at this, too. */
  receiveWaitMs: 20_000,
  /** Pauses between tries while an engine is down: doubled from the first to the last, with jitter. */
  outageBackoff: { firstMs: 250, lastMs: 10_000 },
  /**
   * Pauses in a row for errors of a database without a known reason, some ten minutes. Then the try counts as failed on the file, so that a
   * file which breaks the database is given up in the end. A database that is broken for all files accepts no claims, so nothing counts.
   */
  unknownErrorPauses: 90,
  /** The page cache of what a dry run knows of itself: the system caches the rest. */
  scratchCacheBytes: 4 * MiB,
  /** Dry runs whose scratch is kept while other files have their turn: each costs its cache. Without it the file is read again from its start. */
  scratchesKept: 16,
  /** Orders added to a scratch at a time: some 5 ms. */
  scratchRowsAtOnce: 250,
  /** Rejections read at a time while a report is written. */
  reportPageRows: 1_000,
  /** How often the progress of a report is stored: users watch it, and each time is a write. */
  reportProgressMs: 1_000,
  /** Creations and changes that the projector reads at a time: some milliseconds. */
  journalOrders: 1_000,
  /** Orders whose sums the projector adds up in memory before it writes them, each row once. */
  projectorCommitOrders: 12_000,
  /** How often the projector looks for orders when it has caught up, and a start whether it is needed. */
  projectorPollMs: 250,
  /** While orders are coming in, the projector rests so many times as long as it works. Measured on two cores: 0.90 of the rows/s without it. */
  projectorRest: 4,
  /** How long the words of erased orders may stay in the index while the projector never catches up: purging takes seconds. */
  projectorPurgeMs: 60_000,
  /** Of the projector: subjects such as customers are found at random. */
  viewsCacheBytes: 8 * MiB,
  viewsWalBytes: 32 * MiB,
  /** Subjects that the projector finds without asking its database: the products and hubs of most installations. */
  viewsSubjectsKept: 20_000,
  /** Names that are kept of a product: a supplier may put anything into them. */
  maxNamesOfSubject: 20,
  /** Exports of orders at the same time: each reads as fast as its client, and as others leave time. */
  maxExports: 4,
  /** What a search finds of each kind, and slices of files, the newest, that it looks through by name. */
  searchFound: 10,
  searchedFileSlices: 4,
  /** Shorter lists are not compressed: they fit into a packet. */
  compressedFromChars: 1_400,
  /** Orders that are shown with a customer. */
  newestOrdersOfCustomer: 20,
  /** Sums read at a time: some milliseconds. */
  viewsRowsAtOnce: 2_000,
  /** Subjects of a list that are summed up at a time. */
  viewsSubjectsAtOnce: 100,
  /** How often the sweeper works: stock that a dead process had reserved is not for sale until then. */
  sweepMs: 10_000,
  /** How long an open file without a worker must have been quiet. */
  strandedMs: 120_000,
  sweepFiles: 1_000,
  /** The minimum age of an orphaned object, as another process may be about to record its file; also how often orphans are looked for. */
  orphanMs: 60 * 60 * 1000,
  /** How long a graceful stop waits for running work. */
  stopMs: 8_000,

  // Events.
  /** Orders of one batch of the outbox on SQLite: some 1 MB of events. */
  publishOrders: 1_000,
  /** How often the publisher polls for new orders: the delay of an event when nothing else delays it. */
  publishPollMs: 200,
  /** The lease on publishing: another publisher takes over when its holder has been silent for this long. */
  publishLeaseMs: 15_000,
  /** Events read at a time for one subscriber. */
  eventBatch: 200,
  /** Characters of their JSON: an order of a hundred items, or a change of them, may have 100,000. */
  eventBatchChars: 2_000_000,
  /** The pause before a client of a stream reconnects, as the stream asks it to. */
  sseRetryMs: 1_000,
  /** A comment line keeps a quiet subscription open through proxies. */
  sseKeepAliveMs: 15_000,
  /** How often the client of a stream is identified again: with the seconds that a key is known for, it ends within 10 s of its rights. */
  streamRightsMs: 3_000,
  /** How often a subscriber whose filter passes over events is told where it is: rarer than events, and little is read again. */
  cursorEveryMs: 1_000,
  /** A ping keeps a quiet WebSocket open. So many in a row without an answer, and the client is gone. */
  webSocketPingMs: 15_000,
  webSocketLostPings: 4,
  /** Sent together: many events, and little enough that even a slow client has taken it before the next check. */
  webSocketSendChars: 64 * KiB,
  /** Clients have nothing to say: room for the messages of libraries that keep connections alive. */
  webSocketFrameBytes: 4 * KiB,
  /** A client's time to answer the end of a WebSocket: within the time of a stop. */
  webSocketCloseMs: 1_000,
  /** How often files are read for streams of progress. */
  progressMs: 250,
  /** Open files that are read one by one each time, as they are beyond the lists: small reads by key. */
  progressLookups: 100,
  /** Files that wait to be sent to one subscriber, or to be read again: some 1 KB each. */
  maxProgressChanges: 1_000,
  /** How many of them are sent at a time. */
  progressBatch: 100,

  // The finalizer.
  /** Another process takes over when the holder of the lease has been silent for this long. */
  finalizerLeaseMs: 15_000,
  /** Batches of events in work together: enough to have calls and commits under way while others end. */
  finalizerBatches: 4,
  /** Events of a partition of Kafka that are in work together, as in a batch of the other streams; and partitions. */
  finalizerSlice: 200,
  finalizerPartitions: 4,
  /** Concurrent calls of the decision service of one process, as some browsers would make. */
  finalizerCalls: 16,
  /** Orders that wait for a call: those of all batches, partitions and kept orders in work. */
  finalizerQueuedCalls: 2_000,
  /** One call, its body included: a decision may ask a person's bank, not a person. */
  finalizerTimeoutMs: 10_000,
  /** Retries: they bridge a restart of one instance. In a longer outage the finalizer waits. */
  finalizerRetries: 3,
  finalizerRetryDelayMs: 100,
  finalizerMaxRetryDelayMs: 2_000,
  /** Failed calls in a row that open the circuit breaker, and the time until one call tests it. */
  finalizerBreakerFailures: 10,
  finalizerBreakerOpenMs: 5_000,
  /** A decision with its reason is some hundred bytes. */
  finalizerResponseBytes: 64 * KiB,
  /** What a service said that decided nothing: enough to recognise it. */
  finalizerWordsChars: 500,
  /** When an order on hold is asked about again: without a time of the service's own, and the bounds of that. */
  finalizerHoldMs: 60_000,
  finalizerLeastHoldMs: 1_000,
  finalizerLongestHoldMs: 24 * 60 * 60 * 1000,
  /** An order for which all calls fail while others succeed is tried again after these pauses, so often, and then put aside. */
  finalizerBackoff: { firstMs: 1_000, lastMs: 5 * 60_000 },
  finalizerFailures: 10,
  /** Asks in a row about an order that is edited each time meanwhile. Then it is left for a minute. */
  finalizerRounds: 8,
  /** Kept orders that are asked about together, and how often the store is asked whether some are due. */
  finalizerDue: 100,
  finalizerPollMs: 500,
  /** Events behind its position that are counted one by one on SQLite: some ms. With more it is a bound. */
  eventsCounted: 10_000,
  /** How long `/stats`, `/metrics` and `/readyz` wait for the number of events that it is behind. */
  finalizerLagMs: 1_000,

  // The event stream in Kafka.
  /** Connecting and authenticating to a broker: brokers on other continents answer sooner. */
  kafkaConnectMs: 3_000,
  /** A broker's time to have a batch on all replicas, or to create a topic. A request waits longer than that. */
  kafkaAckMs: 10_000,
  kafkaRequestMs: 15_000,
  /** Retries: they bridge the election of a partition's leader. In a longer outage the caller waits. */
  kafkaRetries: 3,
  kafkaRetryDelayMs: 100,
  kafkaMaxRetryDelayMs: 1_000,
  /** Until the partitions of a new topic have leaders. */
  kafkaLeaderMs: 8_000,
  /** Failures of a reader in a row, a second or more apart: they bridge the restart of a broker. */
  kafkaReaderRetries: 10,
  /** Messages of one request before compression: one partition's share is below the 1 MiB that a broker takes at most. */
  kafkaRequestBytes: 900 * KiB,
  /** A member of a group is dropped after this silence; it sends a heartbeat every tenth of it. */
  kafkaSessionMs: 30_000,
  kafkaHeartbeatMs: 3_000,
  /** How long a fetch waits for events, and so the time that closing a reader may take. */
  kafkaFetchWaitMs: 500,
  /** One fetch, before decompression: JSON of orders grows some ten times. */
  kafkaFetchPartitionBytes: 64 * KiB,
  kafkaFetchBytes: 256 * KiB,
  /** How soon added partitions are noticed. */
  kafkaMetadataMs: 60_000,
  /** The newest events of all partitions, kept for all subscribers: some seconds at full speed. */
  kafkaKeptEvents: 20_000,
  kafkaKeptBytes: 32 * MiB,
  /** Concurrent subscribers that read from Kafka because they are further back: each has a consumer and a buffer. */
  kafkaReplays: 8,
  /** Read ahead for one of them, in addition to one fetch. */
  kafkaReplayEvents: 1_000,
  kafkaReplayBytes: 2 * MiB,
  /** A subscriber that reads nothing for this long gives its place to another. */
  kafkaReplayIdleMs: 10_000,
  /** After this time without events the reader checks whether the events at its position still exist. */
  kafkaReplayQuietMs: 5_000,
  /** How long a close waits for consumers to leave their groups: one whose broker is gone cannot. */
  kafkaCloseMs: 5_000,

  // HTTP.
  pageItems: 50,
  maxPageItems: 1_000,
  maxCursorChars: 4_000,
  /** A request's headers must arrive within this. */
  headersMs: 30_000,
  maxHeaders: 100,
  /** A client that is answered before the end of its body has this long to finish sending and to read the answer. */
  lingerMs: 5_000,
  /** Bytes of a form besides its file. */
  maxFormOverheadBytes: 1 * MiB,
  maxFormFields: 20,
  maxFormFieldBytes: 64 * KiB,
  /** How long a stop waits for requests under way before it drops them. */
  stopRequestsMs: 2_000,
  stopCheckMs: 50,
  /** Open sockets: uploads and subscriptions, below the usual bound on open files. */
  maxConnections: 10_000,
  maxConnectionsOfAddress: 8_000,
  /** Requests of one principal, or of an address that has not signed in, unless OMS_RATE_LIMIT says another rate. */
  requestsPerSecond: 50,
  /** A burst has the requests of so many seconds: a page that opens, a script with a list. */
  burstSeconds: 4,
  /** Principals, and addresses, whose requests are counted: some 200 bytes each. Beyond it the longest silent begins anew. */
  allowances: 10_000,
  /** Processes tell each other, through the store, twice a second at most what a principal has used; tries when they meet. */
  allowanceLumpSeconds: 0.5,
  allowanceTries: 3,
  /** A TLS handshake: two round trips, over the slowest line. */
  tlsHandshakeMs: 10_000,
  /** How often the files of the certificate are looked at, and the most that each may have: chains are some KB. */
  tlsCheckMs: 2_000,
  maxPemBytes: 1 * MiB,
  /** Proxies in a row that are believed: real chains have two or three. */
  maxProxyHops: 16,
  /** Concurrent streams of events, some 20 KB each. */
  maxStreams: 2_000,
  /** One principal has four tabs of the page, or eight programs. The oldest of its streams gives its place to a ninth. */
  streamShares: { ofAddress: 1_500, ofPrincipal: 8 },
  /** Rounds of the event loop in a row that only accept new connections, some 0.1 ms each, while work waits. */
  maxRoundsForArrivals: 50,
  /** For how long a round of the event loop begins requests: some thirty small ones, which share a commit then, and one large one. */
  requestTurnsMs: 4,
  /** Pipelined requests that wait behind another one of their connection, some KB each. One read brings some thousand at most. */
  maxWaitingRequests: 10_000,
  /** Unread bytes of responses, of all clients together, and how often they are counted. */
  unreadBytes: 64 * MiB,
  connectionCheckMs: 250,
  /** An engine's answer at the start: long enough for one that is just starting itself. */
  startCheckMs: 10_000,
  /** One dependency's answer to `/readyz`. */
  pingMs: 2_000,
  /** A stock CSV or JSON body: some 200,000 rows. Larger ones are sent in parts. */
  maxInventoryBytes: 16 * MiB,
  maxInventoryItems: 250_000,
  stockBatchItems: 5_000,
  /** Stock levels that are looked up without a pause: some 3 ms. */
  stockLookups: 1_000,
  /** Errors of a stock CSV that are listed one by one. The others are only counted. */
  stockErrors: 100,
  /** Buckets of `/stats/history`: without `from`, and at most. */
  historyBuckets: 60,
  maxHistoryBuckets: 10_000,
  /** Requests cause one line of each kind in the log in this time, so that a flood of requests does not fill the disk. */
  repeatedLogMs: 1_000,
  /** `/stats` rows per second: sampled this often, over this window. */
  rateSampleMs: 1_000,
  rateWindowMs: 10_000,

  /** The body of one order, or its rows in a file: a hundred items with the longest texts are some 600 KB. */
  maxOrderBytes: 1 * MiB,
  /** The body of a batch: a thousand orders of a few items are under 1 MB. */
  maxOrderBatchBytes: 4 * MiB,
  /** A change of status of one order, with a reason. */
  maxStatusBytes: 64 * KiB,
  /** Up to this size JSON is parsed at once: some 4 ms of work at worst. A larger body is parsed part by part. */
  jsonAtOnceBytes: 64 * KiB,
  /** Brackets, colons and commas of one such part, of an order with a hundred items some 1,500: parsing them takes some ms at most. */
  maxJsonTokens: 10_000,
  /** Characters that are scanned for parts at a time: some 1 ms. */
  jsonSliceChars: 256 * KiB,
  /** Orders of a batch that are read, or written as JSON, without a pause: some 2 ms. */
  ordersOfSlice: 100,
  /** Characters of a history that are written without a pause: some 2 ms. */
  historySliceChars: 256 * KiB,
  /** Large bodies in memory. One address leaves some to others. */
  maxLargeBodies: 64,
  largeBodyShares: { ofAddress: 48, ofPrincipal: 16 },
  /** Batches and large bodies in work, and those that wait for it: all of the above, and many small ones. */
  batchesAtOnce: 4,
  batchesQueued: 400,
  batchesOfPrincipal: 100,

  // The audit log.
  /** A text of an entry: the longest order id with a word before it. */
  maxAuditTextChars: maxTextChars + 20,
  /** Entries of one call: some 3 ms of the writer of SQLite, or one round trip to MongoDB. */
  auditBatchEntries: 500,
  /** How long an answer waits for its entry: a store that works takes some ms. */
  auditWaitMs: 3_000,
  /** Entries in memory while the store takes none, some 5 MB. Further ones are counted. */
  auditWaitingEntries: 10_000,
  /** How long a graceful stop tries to write what is in memory. */
  auditStopMs: 3_000,
  /** A principal or an address has at most one entry for its refused requests in this time; so many are told apart. */
  auditRefusedMs: 1_000,
  auditRefused: 100,
  /** What is older than it is kept is deleted so many at a time, some 10 ms of the writer of SQLite, and so often in one hour. */
  expiredAtOnce: 1_000,
  expirySteps: 100,
  /** How often the eraser looks for requests, and how long another process leaves the work to the one that has it. */
  eraserMs: 2_000,
  eraserLeaseMs: 60_000,
  /** Requests that are carried out in one round. */
  erasuresAtOnce: 20,
  /** Searches without a find that are noted together: some tenths of a second are searched again after a kill. */
  erasureFinds: 50,
  /** Ended files that are searched for a person and noted together: those of a bucket of some GB take minutes. */
  filesSearchedAtOnce: 5,
  /** How often it is looked for files to undo, and how long another process leaves the work to the one that has it. */
  undoMs: 1_000,
  undoLeaseMs: 60_000,
  /** Files whose undo goes on in one round, and the steps of each until the next one has its turn. */
  filesUndoneAtOnce: 20,
  undoSteps: 20,
  /** Orders of one step: some 8 ms of the writer of SQLite. */
  undoneAtOnce: 200,
  /** For how long it can be seen that a person was erased, by a hash of the e-mail. */
  erasureKeptMs: 365 * 24 * 60 * 60 * 1000,
  /** Orders of one call: with a few changes each some 5 ms of the writer of SQLite. */
  erasedAtOnce: 50,
  /** Ended files that the sweeper looks at together; it notes how far it is after them. */
  filesNotKeptAtOnce: 100,

  // Commands that talk to a running service.
  /** How often `oms erase` asks how far it is. */
  erasurePollMs: 500,
  /** How long a request is repeated: as long as a restart of the service, or an election of its engines, may take. */
  clientRetryMs: 60_000,
  clientBackoff: { firstMs: 250, lastMs: 5_000 },
  /** Silence of the service: longer than the longest call of an engine. */
  clientAnswerMs: 120_000,
  /** Requests at the same time where there is none for many orders: the service shares a commit among them. */
  clientRequests: 32,
  /** Clients of `oms stress`, and what one run may order: its latencies and ids are held in memory, some 100 MB. */
  stressClients: 10_000,
  stressOrders: 5_000_000,
  /** Until all stock that was reserved for refused orders is back: twice as long as an answer waits for it. */
  stressSettleMs: 4_000,

  // Access.
  /** The longest path of a socket on macOS; Linux has 107. */
  maxSocketPathBytes: 103,
  /** The body of a request about keys or users. */
  maxAccessBodyBytes: 64 * KiB,
  maxKeyNameChars: 100,
  /** Each program has a key, and a company some hundred programs. To make one they are counted, in slices. */
  maxKeys: 10_000,
  /** Hubs, and scopes, that one key is limited to. */
  maxHubsOfKey: 100,
  /** Keys in memory with what is known of them, 1 KB each, those that do not exist among them. */
  keysCached: 10_000,
  /** How long: a revoked key ends within 5 s, with time for a slow read. */
  keyCachedMs: 3_000,
  /** What was read is this old before a wrong secret has the key read again, as it may have been rotated: guesses cost the store little. */
  keyReadAgainMs: 250,
  /** The last use of a key is written so often at most. */
  keyUseNotedMs: 60_000,
  /** An expired key is listed for this long, and its clients are told what is wrong. */
  expiredKeyKeptMs: 30 * 24 * 60 * 60 * 1000,
  /** How long the secret before a rotation is taken: by default, so that a deployment is in time, and at most. */
  rotatedKeySeconds: 24 * 60 * 60,
  maxRotatedKeySeconds: 30 * 24 * 60 * 60,
  /** How often a change of a record about access is tried when others change it at the same time. */
  accessRounds: 8,
  /** The secret of `OMS_ADMIN_KEY_FILE`: nobody guesses so many random characters. What is longer is another file. */
  minAdminKeyChars: 32,
  maxAdminKeyChars: 1_000,

  // Users.
  /** Likewise. An issuer knows more people. */
  maxUsers: 10_000,
  /** With a list of the commonest, 12 characters are beyond guessing over the network. 128 leave room for any phrase. */
  minPasswordChars: 12,
  maxPasswordChars: 128,
  /** Different characters of a password: with fewer it is a pattern. */
  minPasswordLetters: 5,
  /** Each takes a core for some 50 ms and 19 MiB, on a thread that reading and writing files needs, too. */
  passwordHashesAtOnce: 2,
  /** Who waits behind 30 others waits for less than two seconds. */
  passwordHashesQueued: 30,
  passwordHashesOfAddress: 4,
  /** Failed sign-ins of one address with one e-mail: the first are free, then each has to wait twice as long as the one before. */
  signInPaceOfEmail: { free: 5, firstMs: 2_000, longestMs: 15 * 60_000 },
  /** With any e-mail: an office with one address has many who mistype. */
  signInPaceOfAddress: { free: 30, firstMs: 1_000, longestMs: 5 * 60_000 },
  /** Failures are forgotten after so long without another one: some hundred guesses a day. */
  failuresKeptMs: 60 * 60_000,
  /** Where somebody has signed in is remembered for this long. */
  knownAddressMs: 30 * 24 * 60 * 60_000,
  /** A token cannot be called back, only its user's rights; a refresh is a few ms of work. */
  accessTokenMs: 10 * 60_000,
  maxTokenChars: 2_000,
  /** Tokens in memory whose signature was checked, 1 KB each. */
  tokensCached: 10_000,
  /** Users, and sessions, in memory with what is known of them. How long: rights that were taken away end within 5 s. */
  signedInCached: 10_000,
  signedInCachedMs: 3_000,
  /** How long a signing key is used, and its cache: then the store is asked whether there are others. */
  signingKeyMs: 7 * 24 * 60 * 60_000,
  signingKeysCachedMs: 5 * 60_000,
  /** Keys with unknown ids have the store asked this often at most. */
  signingKeysReadMs: 1_000,
  /** One of this week, one of last week, and those that several processes made at the same moment. */
  maxSigningKeys: 100,
  /** After this time a client signs in again, however often it refreshed. */
  tokenFamilyMs: 30 * 24 * 60 * 60_000,
  /** A request that is repeated after a lost answer comes within this. */
  refreshAgainMs: 10_000,
  /** Older tokens that are recognised as used: a week of refreshing, some ms of work. An older one is merely unknown. */
  refreshesRecognised: 1_000,
  /** Sessions, and token families, of one user: devices and scripts. */
  signInsOfUser: 50,
  /** A working day without use, and a week in any case. */
  sessionIdleMs: 12 * 60 * 60_000,
  sessionMs: 7 * 24 * 60 * 60_000,
  /** The use of a session is written so often at most. */
  sessionUseNotedMs: 10 * 60_000,

  // An issuer (OpenID Connect).
  /** How long it has to answer a request: people wait for a sign-in. */
  oidcAnswerMs: 5_000,
  /** Keys of the largest issuers are some 20 KB. */
  oidcAnswerBytes: 1 * MiB,
  /** What it says of itself, and its keys, are read again: withdrawn keys end after that, while it answers. */
  oidcKnownMs: 10 * 60_000,
  /** When it did not answer it is asked again, and when tokens have unknown keys; not more often, however many such tokens come. */
  oidcAskAgainMs: 2_000,
  oidcKeysReadMs: 1_000,
  /** How far the clocks may be apart. */
  oidcClockSkewSeconds: 30,
  /** A token with hundreds of groups; the headers of a request have 16 KB. */
  maxOidcTokenChars: 12_000,
  /** A token that was checked is not checked again for this long, unless it expires. */
  oidcTokenCheckedMs: 60_000,
  /** The answer that a browser brings back from the issuer: a code of 2 KB at most, and a few words. */
  maxOidcAnswerChars: 8_000,
  /** From the button to the answer of the issuer: somebody looks for a second factor. */
  oidcSignInMs: 15 * 60_000,
  /** Its rights are those of the sign-in, and the issuer is not asked again: a working day. */
  oidcSessionMs: 12 * 60 * 60_000,
  maxClientSecretChars: 1_000,

  // Threads.
  /**
   * The heaps of the threads. By default V8 lets garbage grow with the machine's memory. A small young generation keeps it where it is
   * cheap to collect. The bound of the old generation is against leaks, far above what is used.
   */
  workerHeap: { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 1024 },
  projectorHeap: { maxYoungGenerationSizeMb: 6, maxOldGenerationSizeMb: 512 },
  writerHeap: { maxYoungGenerationSizeMb: 6, maxOldGenerationSizeMb: 512 },

  // Engines for tests, and the stack on one machine.
  /** Fetching an engine at its first use: some 100 MB over a slow line. */
  engineFetchMs: 10 * 60_000,
  /** From the start of an engine to its first answer: a JVM on two busy cores takes some 20 s. */
  engineStartMs: 120_000,
  /** The last output of an engine that does not start, as it is reported: one stack trace. */
  engineLastWordsChars: 2_000,
  /** `docker info` takes well under a second where Docker runs; where it hangs there is none. */
  dockerAnswerMs: 10_000,
  /** The demonstration from the first question to the last event: the stack may just be starting. */
  stackDemoMs: 3 * 60_000,
} as const;
