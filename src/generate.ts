/**
 * Generated order files: `oms generate`. The same options give the same bytes. Of `rows` rows exactly round(rows x invalidShare) are
 * invalid, spread evenly, each for exactly one reason. The reasons alternate, so the counts are known beforehand. A repeated order
 * repeats an earlier valid row of the same file. Stock is never the reason: `generateStock` has enough of every key for all rows.
 */
import { ORDER_COLUMNS } from './model/columns.ts';
import { formatMinor } from './model/money.ts';
import type { ReasonCode } from './model/rejection.ts';

export interface GenerateOptions {
  rows: number;
  /** From 0 to 1. */
  invalidShare: number;
  seed: number;
  /** Order ids that count up, or that are spread at random; both are distinct. */
  ids: 'ordered' | 'random';
  /** The number of the first order: files with ranges apart share no order ids. */
  startAt?: number;
}

const BLOCK_CHARS = 64 * 1024;
const HUBS = 10;
const MAX_QUANTITY = 5;
const STOCK_PER_KEY = 1_000_000_000;
const DAYS = Array.from({ length: 60 }, (_, day) => new Date(Date.UTC(2026, 9, 1 + day)).toISOString().slice(0, 10));
const DAY_SECONDS = 86_400;
const TWO_DIGITS = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'));
/** Earlier rows that a repeat may choose from: so many that in a large file it is seldom from the same chunk. */
const REMEMBERED_ROWS = 1_024;
/** A placeholder for invalid UTF-8, of the same length when encoded. */
const BAD_BYTES = '\uE000';
const BAD_BYTE = 0xff;
/** Some addresses have a line break in quotes. */
const ROWS_PER_LINE_BREAK = 50;

const list = (text: string) => text.split('|');
const FIRST_NAMES = list(
  'Anna|Ben|Clara|David|Emma|Fatima|Grace|Hugo|Ines|José|Katarzyna|Liam|Maria|Nora|Olga|Pedro|Quinn|Rosa|Simon|Thomas|Uma|Victor|Wei|Ximena|Yusuf|Zoë',
);
const LAST_NAMES = list(
  "Adams|Bauer|Chen|Davies|Eriksson|Fischer|García|Hughes|Ibrahim|Jones|Kowalski|Lindgren|Müller|Nguyen|O'Brien|Patel|Quist|Rossi|Silva|Tanaka|Ueda|Vargas|Weber|Xu|Young|Zhang",
);
const THINGS = list(
  'Desk lamp|Water bottle|Wool blanket|27"" monitor stand|Coffee grinder|French press|Running shoes|Notebook, ruled|USB-C cable 2 m|Garden hose|Chef\'s knife|Baby monitor|Yoga mat|Phone case|Kids\' puzzle|Crème brûlée torch|Tool box|Door mat|Wall clock|Picnic basket',
);
const SIZES = ['S', 'M', 'L', 'XL', 'XXL'];
const COLOURS = ['black', 'white', 'red', 'blue', 'oak'];
const COLOUR_CODES = ['BLK', 'WHT', 'RED', 'BLU', 'OAK'];
const STREETS = list(
  'High Street|Main Street|Church Road|Königstraße|Calle Mayor|Via Roma|Storgatan|Park Avenue|Mill Lane|Station Road',
);
const CITIES = [
  'Springfield, IL 62701',
  'Lyon 69001',
  'Hamburg 20095',
  'Leeds LS1 4AP',
  'Sevilla 41001',
  'Gdansk 80-001',
];

interface Customer {
  name: string;
  emailName: string;
}

const CUSTOMERS: Customer[] = FIRST_NAMES.flatMap((first) =>
  LAST_NAMES.map((last) => ({ name: `${first} ${last}`, emailName: `${latin(first)}.${latin(last)}` })),
);

interface Product {
  sku: string;
  /** Quoted where needed. */
  nameCell: string;
  price: string;
  /** For one piece, two, and so on. */
  totals: string[];
}

const PRODUCTS: Product[] = THINGS.flatMap((thing, place) =>
  SIZES.flatMap((size, sizeIndex) =>
    COLOURS.map((colour, index) => {
      const priceMinor = 199 + place * 731 + sizeIndex * 250 + index * 5;
      return {
        sku: `${String(417 + place * 461 + sizeIndex * 7).padStart(5, '0')}-${COLOUR_CODES[index]}`,
        nameCell: /[",]/.test(thing) ? `"${thing} ${size} ${colour}"` : `${thing} ${size} ${colour}`,
        price: formatMinor(priceMinor),
        totals: Array.from({ length: MAX_QUANTITY }, (_, more) => formatMinor((1 + more) * priceMinor)),
      };
    }),
  ),
);

const KEYS = PRODUCTS.flatMap(({ sku }) => Array.from({ length: HUBS }, (_, hub) => `${sku},HUB-${hub + 1}`));

function latin(name: string): string {
  return name
    .normalize('NFD')
    .replace(/[^A-Za-z]/g, '')
    .toLowerCase();
}

/** The values of a row as CSV cells, quoted where needed. */
interface Cells {
  orderId: string;
  name: string;
  email: string;
  product: string;
  sku: string;
  hubId: string;
  quantity: string;
  price: string;
  total: string;
  date: string;
  address: string;
}

/**
 * An id of dots is no mistake that exports make, whether a hub is forbidden is up to who sends the file, and each of its rows is an order.
 */
type RowCode = Exclude<
  ReasonCode,
  'out_of_stock' | 'invalid_id' | 'forbidden_hub' | 'order_incomplete' | 'too_many_items'
>;
type RepeatCode = 'duplicate_order' | 'order_conflict';
type SpoilCode = Exclude<RowCode, RepeatCode>;

/** Each makes a valid row invalid in one way and returns its line, without the line end. */
const SPOIL: Record<SpoilCode, (cells: Cells) => string> = {
  missing_value: (cells) => toLine({ ...cells, name: '' }),
  invalid_email: (cells) => toLine({ ...cells, email: cells.email.replace('@', ' at ') }),
  invalid_quantity: (cells) => toLine({ ...cells, quantity: `${cells.quantity}.5` }),
  invalid_price: (cells) => toLine({ ...cells, price: `$${cells.price}` }),
  invalid_total: (cells) => toLine({ ...cells, total: `${cells.total} EUR` }),
  total_mismatch: (cells) => toLine({ ...cells, total: `1${cells.total}` }),
  invalid_date: (cells) => toLine({ ...cells, date: '2026-02-30' }),
  value_too_long: (cells) => toLine({ ...cells, product: 'long '.repeat(120).trimEnd() }),
  control_character: (cells) => toLine({ ...cells, sku: `${cells.sku.slice(0, 3)}\u0007${cells.sku.slice(3)}` }),
  invalid_utf8: (cells) => toLine({ ...cells, name: `Ren${BAD_BYTES} Müller` }),
  // Reading continues at the next line, so the rest of the row stays on this one.
  malformed_quote: (cells) => toLine({ ...cells, product: '"Picture frame" oak', address: '4 Mill Lane' }),
  column_count: (cells) => `${toLine(cells)},gift`,
  unknown_sku: (cells) => toLine({ ...cells, sku: `NO-${cells.sku}` }),
  unknown_hub: (cells) => toLine({ ...cells, hubId: 'HUB-99' }),
  // As in files that were concatenated.
  not_an_order: () => ORDER_COLUMNS.join(','),
};

const REPEAT: Record<RepeatCode, (cells: Cells) => string> = {
  duplicate_order: (cells) => toLine(cells),
  order_conflict: (cells) => toLine({ ...cells, address: '"1 Other Street, Leeds LS1 4AP"' }),
};

const SPOIL_CODES = Object.keys(SPOIL) as SpoilCode[];
const REPEAT_CODES = Object.keys(REPEAT) as RepeatCode[];

function toLine(cells: Cells): string {
  const { orderId, name, email, product, sku, hubId, quantity, price, total, date, address } = cells;
  return `${orderId},${name},${email},${product},${sku},${hubId},${quantity},${price},${total},${date},${address}`;
}

/** The kinds in the order in which they alternate. Without a valid row there is none to repeat. */
function rotation(options: GenerateOptions): RowCode[] {
  const repeats = countInvalid(options) < options.rows ? REPEAT_CODES : [];
  return [...SPOIL_CODES, ...repeats];
}

function countInvalid({ rows, invalidShare }: GenerateOptions): number {
  return Math.round(rows * invalidShare);
}

/** How many rows of the generated file fail with each code, given its catalog, its stock, and none of its orders stored. */
export function expectedInvalidByCode(options: GenerateOptions): Partial<Record<ReasonCode, number>> {
  const invalid = countInvalid(options);
  const codes = rotation(options);
  const counts = codes.map((code, turn) => [code, Math.ceil((invalid - turn) / codes.length)] as const);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

/** The file, in blocks of some 64 KiB. */
export function* generateOrders(options: GenerateOptions): Generator<Buffer> {
  const { rows, seed, ids, startAt = 1 } = options;
  const invalid = countInvalid(options);
  const codes = rotation(options);
  const random = createRandom(seed);
  const remembered: Cells[] = [];
  let spoiled = 0;
  let valid = 0;
  let text = `${ORDER_COLUMNS.join(',')}\n`;

  for (let index = 0; index < rows; index++) {
    const orderId = ids === 'ordered' ? orderedId(startAt + index) : randomId(startAt + index);
    const cells = validCells(orderId, index, random);
    // The last row of every rows/invalid rows, so that the file begins with a valid row when it has one.
    if (Math.floor(((index + 1) * invalid) / rows) > spoiled) {
      const code = codes[spoiled % codes.length]!;
      spoiled++;
      if (code === 'duplicate_order' || code === 'order_conflict') {
        text += REPEAT[code](pick(remembered, random));
      } else {
        text += SPOIL[code](cells);
      }
    } else {
      remembered[valid % REMEMBERED_ROWS] = cells;
      valid++;
      text += toLine(cells);
    }
    text += '\n';
    if (text.length >= BLOCK_CHARS) {
      yield encode(text);
      text = '';
    }
  }
  if (text !== '') {
    yield encode(text);
  }
}

/** One line for each pair of SKU and hub, with more stock than any file takes. */
export function generateStock(): string {
  return ['sku,hub_id,available', ...KEYS.map((key) => `${key},${STOCK_PER_KEY}`), ''].join('\n');
}

/** Which SKU each hub carries: all of them. */
export function generateCatalog(): string {
  return ['sku,hub_id', ...KEYS, ''].join('\n');
}

function validCells(orderId: string, index: number, random: Random): Cells {
  const customer = pick(CUSTOMERS, random);
  const product = pick(PRODUCTS, random);
  const more = random(MAX_QUANTITY);
  const afterStreet = index % ROWS_PER_LINE_BREAK === 0 ? '\n' : ', ';
  return {
    orderId,
    name: customer.name,
    email: `${customer.emailName}@example.com`,
    product: product.nameCell,
    sku: product.sku,
    hubId: `HUB-${1 + random(HUBS)}`,
    quantity: String(1 + more),
    price: product.price,
    total: product.totals[more]!,
    date: orderDate(index),
    address: `"${1 + random(200)} ${pick(STREETS, random)}${afterStreet}${pick(CITIES, random)}"`,
  };
}

/** A second later for each row, in the three forms that systems export. */
function orderDate(index: number): string {
  const day = DAYS[Math.floor(index / DAY_SECONDS) % DAYS.length]!;
  if (index % 3 === 0) {
    return day;
  }
  const second = index % DAY_SECONDS;
  const time = `${TWO_DIGITS[Math.floor(second / 3600)]}:${TWO_DIGITS[Math.floor(second / 60) % 60]}:${TWO_DIGITS[second % 60]}`;
  return index % 3 === 1 ? `${day}T${time}Z` : `${day} ${time} -0500`;
}

function orderedId(number: number): string {
  return `ORD-${String(number).padStart(10, '0')}`;
}

/** The number with its 32 bits mixed (the finalizer of MurmurHash3): a bijection. */
function randomId(number: number): string {
  let bits = number;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  bits ^= bits >>> 16;
  return `ORD-${(bits >>> 0).toString(16).padStart(8, '0')}`;
}

/** A whole number from 0 to below `below`. */
type Random = (below: number) => number;

/** Mulberry32: small, fast, and the same on every machine. */
function createRandom(seed: number): Random {
  let state = seed | 0;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return Math.floor((((bits ^ (bits >>> 14)) >>> 0) / 0x1_0000_0000) * below);
  };
}

function pick<T>(values: readonly T[], random: Random): T {
  return values[random(values.length)]!;
}

function encode(text: string): Buffer {
  const block = Buffer.from(text);
  for (let at = block.indexOf(BAD_BYTES); at !== -1; at = block.indexOf(BAD_BYTES, at)) {
    block.fill(BAD_BYTE, at, at + Buffer.byteLength(BAD_BYTES));
  }
  return block;
}
