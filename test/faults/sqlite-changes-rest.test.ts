/**
 * A change of an order on SQLite: each of its statements fails, or its process dies at it, and the whole call meets each fault, also while
 * it is asked again or a rival goes on. What is left is that of a run without faults (INV-2, INV-3, INV-8).
 */
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { SCENARIOS } from './change-scenarios.ts';
import { hasRival, NAMES, plansOf, runOnSqlite, type SqliteRun } from './sqlite-change-faults.ts';

describe('on SQLite', () => {
  const steps = new Set<string>();

  test.each(NAMES)('%s comes to the same whatever happens at its steps', async (name) => {
    const { right } = SCENARIOS[name]!;
    const alone = await runOnSqlite(name);
    expect(alone.words).toBe(right.alone);
    const withRival: SqliteRun[] = [];
    if (hasRival(name))
      withRival.push(await runOnSqlite(name, { rival: 'first' }), await runOnSqlite(name, { rival: 'last' }));
    expect(withRival.map(({ words }) => words)).toEqual(hasRival(name) ? [right.rivalFirst, right.rivalLast] : []);
    const always = [alone, await runOnSqlite(name, { isLost: true })];

    const different: unknown[] = [];
    for (const plan of plansOf(name, alone.steps)) {
      const { outcome, words, violations, reached } = await runOnSqlite(name, plan);
      const allowed = plan.meanwhile === 'a rival goes on' ? withRival : always;
      const isAllowed = allowed.some((other) => isDeepStrictEqual(outcome, other.outcome));
      if (!reached || !isAllowed || violations.length > 0)
        different.push({ plan, reached, violations, is: words, shouldBe: allowed.map((other) => other.words) });
    }
    expect(different).toEqual([]);
    for (const step of alone.steps) steps.add(step.name.replace('worker ', ''));
  });

  test('every statement of a change was one of its steps', () => {
    expect([...steps].filter((name) => name.startsWith('changes.apply')).sort()).toEqual([
      'changes.apply',
      'changes.apply > delete idempotency_keys',
      'changes.apply > delete order_items',
      'changes.apply > delete status_windows',
      'changes.apply > insert amounts',
      'changes.apply > insert idempotency_keys',
      'changes.apply > insert order_changes',
      'changes.apply > insert order_items',
      'changes.apply > insert orders',
      'changes.apply > insert status_windows',
      'changes.apply > insert totals',
      'changes.apply > update order_changes',
      'changes.apply > update orders',
      'changes.apply > update stock',
    ]);
  });
});
