/** How many changes may be at work on a stock row in this process. More wait, in the order in which they came; still more are refused. */
import { OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';

interface Gate {
  inWork: number;
  waiting: (() => void)[];
}

export class StockAdmission {
  readonly #gates = new Map<string, Gate>();

  /** `keys` MUST be sorted, so that two changes never wait for each other. Throws `store_contention`. Call what it returns once. */
  async enter(keys: readonly string[]): Promise<() => void> {
    const entered: string[] = [];
    const leave = () => {
      for (const key of entered) this.#leave(key);
    };
    try {
      for (const key of keys) {
        const turn = this.#turn(key);
        if (turn) await turn;
        entered.push(key);
      }
      return leave;
    } catch (error) {
      leave();
      throw error;
    }
  }

  #turn(key: string): Promise<void> | null {
    const gate = this.#gates.get(key) ?? { inWork: 0, waiting: [] };
    this.#gates.set(key, gate);
    if (gate.inWork < limits.mongoTicketsOfRow) {
      gate.inWork++;
      return null;
    }
    if (gate.waiting.length >= limits.mongoTicketsWaiting)
      throw new OmsError('store_contention', `too many changes want the stock ${key} at the same moment`, {
        retryable: true,
      });
    return new Promise((resolve) => {
      gate.waiting.push(resolve);
    });
  }

  #leave(key: string): void {
    const gate = this.#gates.get(key)!;
    const next = gate.waiting.shift();
    if (next) next();
    else if (--gate.inWork === 0) this.#gates.delete(key);
  }
}
