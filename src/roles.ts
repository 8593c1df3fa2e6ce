/** The roles that a process can have, with everything that differs between them. See docs/ARCHITECTURE.md. */
import type { Config } from './config.ts';
import type { EnginePort, PortName } from './ports/ports.ts';

export const ROLES = ['api', 'worker', 'publisher', 'projector', 'finalizer'] as const;
export type Role = (typeof ROLES)[number];
/** What a process does that does everything. */
export const rolesFor = ({ finalizer, orderStore }: Pick<Config, 'finalizer' | 'orderStore'>): Role[] =>
  ROLES.filter(
    (role) =>
      (role !== 'finalizer' || finalizer.kind !== 'off') &&
      // Read models are made from orders in SQLite only.
      (role !== 'projector' || orderStore.kind === 'sqlite'),
  );

/** A role that runs in a thread of its own. The API runs in the main thread. */
export type ThreadRole = Exclude<Role, 'api'>;

interface Traits {
  /**
   * The start fails while one of these engines is down, as the role can do nothing without them. Every role needs the queue: opening it
   * reads its attributes. Work waits for the other engines (INV-7).
   */
  neededAtStart: readonly EnginePort[];
  /** What `/readyz` checks. */
  readiness: readonly PortName[];
  /** Whether the start checks that the bucket belongs to this installation. */
  usesBucket: boolean;
  /** Whether the start creates the topic where there is none. */
  createsTopic: boolean;
  /** Whether the sweeper runs beside it, in the main thread. */
  sweeps: boolean;
}

const TRAITS: Record<Role, Traits> = {
  api: {
    neededAtStart: ['objects', 'queue', 'store'],
    readiness: ['objects', 'queue', 'store', 'ims', 'events'],
    usesBucket: true,
    createsTopic: false,
    sweeps: false,
  },
  worker: {
    neededAtStart: ['objects', 'queue', 'store'],
    readiness: ['objects', 'queue', 'store', 'ims'],
    usesBucket: true,
    createsTopic: false,
    sweeps: true,
  },
  publisher: {
    neededAtStart: ['store', 'queue', 'events'],
    readiness: ['store', 'events'],
    usesBucket: false,
    createsTopic: true,
    sweeps: false,
  },
  projector: {
    neededAtStart: ['store'],
    readiness: ['store'],
    usesBucket: false,
    createsTopic: false,
    sweeps: false,
  },
  finalizer: {
    neededAtStart: ['store', 'queue', 'events'],
    readiness: ['store', 'events'],
    usesBucket: false,
    createsTopic: true,
    sweeps: false,
  },
};

export const traitsOf = (role: Role): Traits => TRAITS[role];

/** Whether one of the roles has it. */
export const anyOf = (roles: readonly Role[], trait: 'usesBucket' | 'createsTopic' | 'sweeps'): boolean =>
  roles.some((role) => TRAITS[role][trait]);

/** The ports that at least one of the roles has in this list. */
export const portsOf = (roles: readonly Role[], list: 'neededAtStart' | 'readiness'): ReadonlySet<PortName> =>
  new Set(roles.flatMap((role): readonly PortName[] => TRAITS[role][list]));
