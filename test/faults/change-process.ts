/**
 * A process on MongoDB, behind a proxy, which meets one fault at one of its commands: it dies, hears an error, or stands still while others
 * go on; and what it has sent may arrive long after it was given up.
 */
import type { MongoOrderStore } from '../../src/adapters/order-store.mongo/order-store.ts';
import { type CommandFate, startMongoProxy } from '../support/mongo-proxy.ts';

/** What a command comes to. */
export const FATES = [
  'killed before',
  'killed after',
  'killed, and applied at the end',
  'error before',
  'answer lost',
  'error, and applied before the next of its kind',
  'error, and applied at the end',
  'answer lost, and no answer about orders after it',
  'carried out twice',
  'frozen',
] as const;
export type Fate = (typeof FATES)[number];

/** The nth command of a name: `update stock`. */
export interface Place {
  command: string;
  nth: number;
}

interface Options {
  server: string;
  open(url: string): MongoOrderStore;
  /** Called with each command. */
  onCommand(place: Place): void;
  /** Null for a process that meets nothing. */
  meets: (Place & { fate: Fate; onMet(): void; whileFrozen(): Promise<'goes on' | 'dies'> }) | null;
}

export interface Process {
  store: MongoOrderStore;
  died: Promise<'died'>;
  /** Lets arrive what is still under way. */
  arrive(): Promise<void>;
  stop(): Promise<void>;
}

const PASSES: CommandFate = { applies: 'all', cut: null };

export async function startProcess({ server, open, onCommand, meets }: Options): Promise<Process> {
  const { promise: died, resolve } = Promise.withResolvers<'died'>();
  const counts = new Map<string, number>();
  let underWay: (() => Promise<void>) | null = null;
  let isOut = false;
  const arrive = async () => {
    const bring = underWay;
    underWay = null;
    await bring?.();
  };
  const proxy = await startMongoProxy(server, async ({ name: command }) => {
    const nth = counts.get(command) ?? 0;
    counts.set(command, nth + 1);
    onCommand({ command, nth });
    const { fate } = meets ?? {};
    if (fate === 'error, and applied before the next of its kind' && command === meets!.command) await arrive();
    if (isOut && command.endsWith(' orders')) return { applies: 'nothing', cut: () => {} };
    if (meets?.command !== command || meets.nth !== nth) return PASSES;
    meets.onMet();
    const die = () => {
      proxy.stop();
      resolve('died');
    };
    switch (fate!) {
      case 'frozen':
        return (await meets.whileFrozen()) === 'dies' ? { applies: 'all', cut: die } : PASSES;
      case 'answer lost, and no answer about orders after it':
        isOut = true;
        return { applies: 'all', cut: () => {} };
      case 'killed after':
      case 'answer lost':
        return { applies: 'all', cut: fate === 'killed after' ? die : () => {} };
      case 'killed before':
      case 'error before':
        return { applies: 'nothing', cut: fate === 'killed before' ? die : () => {} };
      case 'carried out twice':
        // As a server does that does not know whether it has done it.
        return { ...PASSES, aside: (bring) => bring() };
      default: {
        const aside = async (bring: () => Promise<void>) => {
          underWay = bring;
        };
        return { applies: 'nothing', aside, cut: fate === 'killed, and applied at the end' ? die : () => {} };
      }
    }
  });
  const store = open(proxy.url);
  return {
    store,
    died,
    arrive,
    async stop() {
      proxy.stop();
      await store.close();
    },
  };
}
