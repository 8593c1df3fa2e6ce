/**
 * The life of an order as data: its states, the moves between them, what each state means for stock, and where orders may be edited.
 * Nothing else in the program names a state.
 */

/** In `held` the order's stock is reserved for it, in `gone` it has left the hub, in `returned` it is back. */
export const STOCK_STATES = ['held', 'gone', 'returned'] as const;
export type StockState = (typeof STOCK_STATES)[number];

export interface WorkflowState {
  /** The states that an order may move to. */
  to: readonly string[];
  editable: boolean;
  stock: StockState;
  /** Of a `returned` state: a move from `gone` gives the stock back, too. */
  restock?: boolean;
}

export interface Workflow {
  /** The state of a new order. */
  initial: string;
  states: Readonly<Record<string, WorkflowState>>;
  /** Where the finalizer moves orders from the initial state; null when there is no such place. */
  finalize: { confirm: string; cancel: string } | null;
  /** Where the orders of an undone file go; null when there is no such place. */
  undo: string | null;
}

const held = (to: string[], editable: boolean): WorkflowState => ({ to, editable, stock: 'held' });
const gone = (to: string[]): WorkflowState => ({ to, editable: false, stock: 'gone' });
const RETURNED: WorkflowState = { to: [], editable: false, stock: 'returned' };

export const WORKFLOWS = {
  default: {
    initial: 'on_hold',
    states: {
      on_hold: held(['confirmed', 'cancelled'], true),
      confirmed: held(['shipped', 'cancelled'], true),
      shipped: gone(['delivered']),
      delivered: gone([]),
      cancelled: RETURNED,
    },
    finalize: { confirm: 'confirmed', cancel: 'cancelled' },
    undo: 'cancelled',
  },
  ordered: {
    initial: 'ORDERED',
    states: {
      ORDERED: held(['SHIPPED', 'CANCELLED'], true),
      SHIPPED: gone(['DELIVERED']),
      DELIVERED: gone([]),
      CANCELLED: RETURNED,
    },
    finalize: null,
    undo: 'CANCELLED',
  },
  pending: {
    initial: 'PENDING',
    states: {
      PENDING: held(['CONFIRMED', 'CANCELLED'], true),
      CONFIRMED: held(['SHIPPED', 'CANCELLED'], false),
      SHIPPED: gone(['DELIVERED']),
      DELIVERED: gone([]),
      CANCELLED: RETURNED,
    },
    finalize: { confirm: 'CONFIRMED', cancel: 'CANCELLED' },
    undo: 'CANCELLED',
  },
  paid: {
    initial: 'PENDING',
    states: {
      PENDING: held(['PAID', 'CANCELLED'], true),
      PAID: held(['FULFILLED', 'CANCELLED'], false),
      FULFILLED: gone([]),
      CANCELLED: RETURNED,
    },
    finalize: { confirm: 'PAID', cancel: 'CANCELLED' },
    undo: 'CANCELLED',
  },
} as const satisfies Record<string, Workflow>;

export const DEFAULT_WORKFLOW: Workflow = WORKFLOWS.default;

/** Names that statuses cannot have. */
export const RESERVED_NAMES: readonly string[] = ['deleted', 'void'];

/** A state by its name; undefined for any other text, also where objects have such a member, as `constructor`. */
export const stateOf = ({ states }: Workflow, status: string): WorkflowState | undefined =>
  Object.hasOwn(states, status) ? states[status] : undefined;

/** Whether a move gives back the stock that an order holds. */
export function givesBack(workflow: Workflow, from: string, to: string): boolean {
  const before = stateOf(workflow, from);
  const after = stateOf(workflow, to);
  if (before === undefined || after?.stock !== 'returned') return false;
  return before.stock === 'held' || (before.stock === 'gone' && after.restock === true);
}

/** Whether its amount counts: its stock was not given back. */
export const isCounted = (workflow: Workflow, status: string): boolean =>
  stateOf(workflow, status)?.stock !== 'returned';
