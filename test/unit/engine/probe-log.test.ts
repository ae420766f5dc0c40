import { describe, expect, test } from '@jest/globals';
import type { Probe } from '../../../src/checks/check.ts';
import { ProbeLog } from '../../../src/engine/probe-log.ts';

const start = Date.UTC(2026, 2, 1, 10);
const probe = (at: number, outcomes: Record<string, number>, succeeded: number, asked = 'GET /'): Probe => ({
  from: 'gateway',
  asked,
  begun: new Date(start + at),
  ended: new Date(start + at + 100),
  attempts: Object.values(outcomes).reduce((sum, count) => sum + count, 0),
  succeeded,
  outcomes,
});

function runsOf(...probes: Probe[]) {
  const log = new ProbeLog(new Date(start));
  for (const one of probes) log.note(one);
  return log.found.probes;
}

describe('the log of probes', () => {
  test('has no field where nobody was asked', () => {
    expect(new ProbeLog(new Date(start)).found).toEqual({});
  });

  test('probes that came out alike are one run, from the first to the end of the last', () => {
    expect(
      runsOf(probe(0, { '503': 1 }, 0), probe(1000, { '503': 1 }, 0), probe(2000, { '503': 2 }, 0)),
    ).toEqual([
      {
        from: 'gateway',
        asked: 'GET /',
        fromMs: 0,
        toMs: 2100,
        attempts: 4,
        succeeded: 0,
        outcomes: { '503': 4 },
      },
    ]);
  });

  test('another outcome, another question, or a mixture begins a run of its own', () => {
    const runs = runsOf(
      probe(0, { ECONNREFUSED: 1 }, 0),
      probe(1000, { '503': 1 }, 0),
      probe(2000, { '200': 1 }, 1),
      probe(3000, { '200': 1 }, 1, 'lookup of ledger'),
      probe(4000, { '200': 5, '503': 1 }, 5),
      probe(5000, { '200': 5, '503': 1 }, 5),
    );
    expect(runs?.map(({ fromMs, attempts, succeeded }) => [fromMs, attempts, succeeded])).toEqual([
      [0, 1, 0],
      [1000, 1, 0],
      [2000, 1, 1],
      [3000, 1, 1],
      [4000, 6, 5],
      [5000, 6, 5],
    ]);
  });

  test('runs of two questions go on side by side', () => {
    const runs = runsOf(
      probe(0, { '200': 1 }, 1),
      probe(0, { '10.96.0.9': 1 }, 1, 'lookup of ledger'),
      probe(1000, { '200': 1 }, 1),
      probe(1000, { '10.96.0.9': 1 }, 1, 'lookup of ledger'),
    );
    expect(runs?.map(({ asked, attempts, toMs }) => [asked, attempts, toMs])).toEqual([
      ['GET /', 2, 1100],
      ['lookup of ledger', 2, 1100],
    ]);
  });
});
