import { describe, expect, test } from '@jest/globals';
import { UsageHistory } from '../../../../src/cluster/metrics/usage-history.ts';

const SECOND = 1_000_000;
const point = (
  at: number,
  cpu: number,
  startedAt = -1000,
): [string, Parameters<UsageHistory['store']>[0] extends ReadonlyMap<string, infer P> ? P : never] => [
  'x',
  { at: at * SECOND, cpu: cpu * SECOND, memory: at, startedAt: startedAt * SECOND },
];

describe('two points make a rate', () => {
  test('of the time between them', () => {
    const history = new UsageHistory(15 * SECOND);
    history.store(new Map([point(0, 1)]));
    expect(history.isReady).toBe(false);
    expect(history.usage('x')).toBeUndefined();
    history.store(new Map([point(15, 4)]));
    expect(history.isReady).toBe(true);
    expect(history.usage('x')).toEqual({
      at: 15 * SECOND,
      window: 15 * SECOND,
      nanocores: 200_000_000,
      bytes: 15,
    });
    history.store(new Map());
    expect(history.usage('x')).toBeUndefined();
  });

  test('a container that runs for ten seconds has its start for the first', () => {
    const history = new UsageHistory(15 * SECOND);
    history.store(new Map([point(20, 6, 8)]));
    expect(history.usage('x')).toMatchObject({ window: 12 * SECOND, nanocores: 500_000_000 });
    const young = new UsageHistory(15 * SECOND);
    young.store(new Map([point(20, 6, 11)]));
    expect(young.usage('x')).toBeUndefined();
  });

  test('a restart begins again', () => {
    const history = new UsageHistory(15 * SECOND);
    history.store(new Map([point(0, 50)]));
    history.store(new Map([point(15, 55)]));
    history.store(new Map([point(30, 1, 25)]));
    expect(history.usage('x')).toBeUndefined();
    history.store(new Map([point(45, 4, 25)]));
    expect(history.usage('x')).toMatchObject({ nanocores: 200_000_000 });
  });
});
