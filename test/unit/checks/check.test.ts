import { describe, expect, test } from '@jest/globals';
import {
  all,
  type Check,
  converge,
  fail,
  gradeCheck,
  hold,
  inTurn,
  type LabView,
  not,
  type Observation,
  pass,
  unjudged,
} from '../../../src/checks/check.ts';
import { seconds } from '../../../src/core/clock.ts';
import { ClusterUnreachable } from '../../../src/kube/client.ts';
import { ManualClock } from '../support/manual-clock.ts';

/** A check that is what `at` says for the milliseconds since the start. */
function timed(clock: ManualClock, at: (ms: number) => Observation): Check & { looks: number[] } {
  const start = clock.ms;
  const looks: number[] = [];
  return {
    expected: 'it holds',
    looks,
    look: () => {
      looks.push(clock.ms - start);
      return Promise.resolve(at(clock.ms - start));
    },
  };
}

function view(clock: ManualClock, signal = new AbortController().signal): LabView {
  return { clock, signal } as unknown as LabView;
}

const always = (seen: Observation): Check => ({ expected: 'x', look: () => Promise.resolve(seen) });

describe('converge', () => {
  test.each<[string, { often?: boolean }, number, readonly number[]]>([
    ['the longer it has waited, the less often it looks', {}, 38, [19_000, 20_000, 21_000, 22_100, 23_310]],
    [
      'where it is to look often, every second',
      { often: true },
      61,
      [19_000, 20_000, 21_000, 22_000, 23_000],
    ],
  ])('%s', async (_what, options, count, some) => {
    const clock = new ManualClock();
    const check = timed(clock, () => fail('nothing'));
    await gradeCheck(view(clock), converge(seconds(60), check, options));
    expect(check.looks.filter((at) => at >= 19_000).slice(0, 5)).toEqual(some);
    expect(check.looks.length).toBe(count);
    expect(check.looks.at(-1)).toBeGreaterThanOrEqual(60_000);
  });

  test('passes as soon as the check does', async () => {
    const clock = new ManualClock();
    const check = timed(clock, (ms) => (ms >= 3000 ? pass('there') : fail('not yet')));
    expect(await gradeCheck(view(clock), converge(seconds(10), check))).toEqual(pass('there'));
    expect(check.looks).toEqual([0, 1000, 2000, 3000]);
  });

  test('fails with what was last seen, and looks until the deadline', async () => {
    const clock = new ManualClock();
    const check = timed(clock, (ms) => fail(`at ${ms}`));
    expect(await gradeCheck(view(clock), converge(seconds(2), check))).toEqual(fail('at 2000 (for 2 s)'));
  });

  test('a pass at the very deadline counts', async () => {
    const clock = new ManualClock();
    const check = timed(clock, (ms) => (ms === 2000 ? pass('just') : fail('no')));
    expect((await gradeCheck(view(clock), converge(seconds(2), check))).status).toBe('pass');
  });

  test('a check that cannot be judged at the deadline is an error, one before does not matter', async () => {
    const clock = new ManualClock();
    const later = timed(clock, (ms) => (ms < 2000 ? unjudged('?') : pass('now')));
    expect((await gradeCheck(view(clock), converge(seconds(5), later))).status).toBe('pass');
    expect((await gradeCheck(view(clock), converge(seconds(5), always(unjudged('?'))))).status).toBe('error');
  });
});

describe('hold', () => {
  test('passes when it holds to the end of the window', async () => {
    const clock = new ManualClock();
    const check = timed(clock, () => pass('up'));
    expect((await gradeCheck(view(clock), hold(seconds(3), check))).status).toBe('pass');
    expect(check.looks.at(-1)).toBe(3000);
  });

  test('a dip in the window fails and says when', async () => {
    const clock = new ManualClock();
    const check = timed(clock, (ms) => (ms === 2000 ? fail('down') : pass('up')));
    expect(await gradeCheck(view(clock), hold(seconds(30), check, 0))).toEqual(fail('down (after 2 s)'));
  });

  test('a dip while it settles begins the window anew; a later one fails', async () => {
    const clock = new ManualClock();
    const early = timed(clock, (ms) => (ms === 2000 ? fail('down') : pass('up')));
    expect((await gradeCheck(view(clock), hold(seconds(30), early, seconds(10)))).status).toBe('pass');
    expect(early.looks.at(-1)).toBe(33_000);
    const again = new ManualClock();
    const late = timed(again, (ms) => (ms % 20_000 === 12_000 ? fail('down') : pass('up')));
    expect((await gradeCheck(view(again), hold(seconds(30), late, seconds(10)))).status).toBe('fail');
  });

  test('it may take a while to settle, but not for ever', async () => {
    const clock = new ManualClock();
    const slow = timed(clock, (ms) => (ms >= 5000 ? pass('up') : fail('starting')));
    expect((await gradeCheck(view(clock), hold(seconds(2), slow, seconds(6)))).status).toBe('pass');
    const never = timed(clock, () => fail('starting'));
    expect(await gradeCheck(view(clock), hold(seconds(2), never, seconds(6)))).toEqual(fail('starting'));
    expect(never.looks.at(-1)).toBe(6000);
  });

  test('leaves the window to a check that observes by itself', async () => {
    const clock = new ManualClock();
    const windows: number[] = [];
    const check: Check = {
      ...always(pass('up')),
      observe: (_lab, windowMs) => {
        windows.push(windowMs);
        return Promise.resolve(fail('3 of 150 requests were refused'));
      },
    };
    expect((await gradeCheck(view(clock), hold(seconds(30), check, 0))).status).toBe('fail');
    expect(windows).toEqual([30_000]);
  });

  test('ends when grading is cancelled', async () => {
    const clock = new ManualClock();
    const cancel = new AbortController();
    clock.after(2500, () => cancel.abort(new Error('interrupted')));
    const grading = gradeCheck(view(clock, cancel.signal), hold(seconds(30), always(pass('up'))));
    await expect(grading).rejects.toThrow('interrupted');
  });
});

describe('all', () => {
  test('reports the first that does not pass, and looks no further', async () => {
    const clock = new ManualClock();
    const last = timed(clock, () => unjudged('c'));
    const check = all('both', [always(pass('a')), always(fail('b')), last]);
    expect(await check.look(view(clock))).toEqual(fail('b'));
    expect(last.looks).toEqual([]);
    expect((await all('both', [always(pass('a')), always(pass('b'))]).look(view(clock))).seen).toBe('a; b');
  });

  test('passes with nothing to look at', async () => {
    expect((await all('none', []).look(view(new ManualClock()))).status).toBe('pass');
  });

  test('observes every part for the same window', async () => {
    const clock = new ManualClock();
    const dip = timed(clock, (ms) => (ms >= 4000 ? fail('down') : pass('up')));
    const check = all('both', [always(pass('a')), dip]);
    expect((await gradeCheck(view(clock), hold(seconds(10), check))).status).toBe('fail');
  });
});

describe('not', () => {
  test.each([
    [pass('up'), 'fail'],
    [fail('down'), 'pass'],
    [unjudged('?'), 'error'],
  ])('of %j is %s', async (seen, status) => {
    expect((await not('it is down', always(seen)).look(view(new ManualClock()))).status).toBe(status);
  });
});

describe('what a check throws', () => {
  const throwing = (error: Error): Check => ({ expected: 'x', look: () => Promise.reject(error) });

  test('is an error, never a fail', async () => {
    const seen = await gradeCheck(view(new ManualClock()), throwing(new Error('odd')));
    expect(seen).toEqual(unjudged('could not be looked at: odd'));
  });

  test('a cluster that is gone is named', async () => {
    const gone = new ClusterUnreachable('https://127.0.0.1:1', new Error('ECONNREFUSED'));
    const seen = await gradeCheck(view(new ManualClock()), throwing(gone));
    expect(seen.status).toBe('error');
    expect(seen.seen).toMatch(/^the cluster does not answer/);
  });

  test('is thrown on when grading is cancelled', async () => {
    const signal = AbortSignal.abort(new Error('interrupted'));
    const grading = gradeCheck(view(new ManualClock(), signal), throwing(new Error('odd')));
    await expect(grading).rejects.toThrow('interrupted');
  });
});

describe('inTurn', () => {
  test('grades one after another and says what each saw', async () => {
    const clock = new ManualClock();
    const held = hold(seconds(3), always(pass('up')));
    const both = inTurn('both', [held, converge(seconds(9), always(pass('there')))]);
    expect(await gradeCheck(view(clock), both)).toEqual(pass('up; there'));
  });

  test('ends with the first that does not pass', async () => {
    const clock = new ManualClock();
    const never = timed(clock, () => pass('x'));
    expect(await gradeCheck(view(clock), inTurn('both', [always(fail('no')), never]))).toEqual(fail('no'));
    expect(never.looks).toEqual([]);
  });

  test('announces what its parts do', () => {
    const load = (what: string): Check => ({ ...always(pass('')), disturbs: what });
    expect(inTurn('all', [load('a'), always(pass('')), load('b')]).disturbs).toBe('a, b');
    expect(inTurn('all', [always(pass(''))]).disturbs).toBeUndefined();
  });
});
