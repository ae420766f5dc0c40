import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type ObjectiveResult, type SafeguardResult, score } from '../../../src/score/score.ts';

type Status = 'pass' | 'fail' | 'error';

const part = (status: Status, id = 'x') => ({ id, title: id, status, expected: '', seen: '', tookMs: 0 });
const objective = (points: number, status: Status): ObjectiveResult => ({ ...part(status), points });
const safeguard = (price: 'veto' | number, status: Status): SafeguardResult => ({ ...part(status), price });

describe('score', () => {
  test.each<{
    name: string;
    objectives: ObjectiveResult[];
    safeguards: SafeguardResult[];
    hints: number;
    verdict: string;
    points: number;
    charged: number;
  }>([
    {
      name: 'everything holds',
      objectives: [objective(60, 'pass'), objective(40, 'pass')],
      safeguards: [safeguard('veto', 'pass')],
      hints: 0,
      verdict: 'pass',
      points: 100,
      charged: 0,
    },
    {
      name: 'hints are charged when it passes',
      objectives: [objective(100, 'pass')],
      safeguards: [],
      hints: 15,
      verdict: 'pass',
      points: 85,
      charged: 15,
    },
    {
      name: 'hints are not charged when it fails',
      objectives: [objective(60, 'pass'), objective(40, 'fail')],
      safeguards: [],
      hints: 15,
      verdict: 'fail',
      points: 60,
      charged: 0,
    },
    {
      name: 'a broken veto ends in nothing',
      objectives: [objective(100, 'pass')],
      safeguards: [safeguard('veto', 'fail')],
      hints: 5,
      verdict: 'fail',
      points: 0,
      charged: 0,
    },
    {
      name: 'a priced safeguard is deducted and passes',
      objectives: [objective(100, 'pass')],
      safeguards: [safeguard(10, 'fail'), safeguard(20, 'pass')],
      hints: 0,
      verdict: 'pass',
      points: 90,
      charged: 0,
    },
    {
      name: 'never below 0',
      objectives: [objective(10, 'pass'), objective(90, 'fail')],
      safeguards: [safeguard(30, 'fail')],
      hints: 0,
      verdict: 'fail',
      points: 0,
      charged: 0,
    },
    {
      name: 'an objective that cannot be judged',
      objectives: [objective(60, 'pass'), objective(40, 'error')],
      safeguards: [],
      hints: 5,
      verdict: 'error',
      points: 0,
      charged: 0,
    },
    {
      name: 'error wins over a broken veto',
      objectives: [objective(100, 'fail')],
      safeguards: [safeguard('veto', 'fail'), safeguard('veto', 'error')],
      hints: 0,
      verdict: 'error',
      points: 0,
      charged: 0,
    },
  ])('$name', ({ objectives, safeguards, hints, verdict, points, charged }) => {
    const most = objectives.reduce((sum, one) => sum + one.points, 0);
    expect(score(objectives, safeguards, hints)).toEqual({ verdict, points, most, hintPrice: charged });
  });

  const status = fc.constantFrom<Status>('pass', 'fail', 'error');
  const objectives = fc.array(fc.tuple(fc.integer({ min: 1, max: 100 }), status), { maxLength: 6 });
  const safeguards = fc.array(
    fc.tuple(fc.oneof(fc.constant('veto' as const), fc.integer({ min: 1, max: 50 })), status),
    { maxLength: 6 },
  );

  test('never passes with an objective or a veto that does not hold', () => {
    fc.assert(
      fc.property(objectives, safeguards, fc.nat(60), (some, others, hints) => {
        const parts = some.map(([points, one]) => objective(points, one));
        const guards = others.map(([price, one]) => safeguard(price, one));
        const { verdict, points, most } = score(parts, guards, hints);
        const all = [...parts, ...guards];
        expect(points).toBeGreaterThanOrEqual(0);
        expect(points).toBeLessThanOrEqual(most);
        const broken =
          parts.some((one) => one.status !== 'pass') ||
          guards.some(({ price, status: one }) => one === 'error' || (price === 'veto' && one === 'fail'));
        expect(verdict === 'pass').toBe(!broken);
        expect(verdict === 'error').toBe(all.some((one) => one.status === 'error'));
        if (verdict === 'error') expect(points).toBe(0);
      }),
    );
  });

  test('mending one more part never costs points', () => {
    fc.assert(
      fc.property(objectives, safeguards, (some, others) => {
        const judged = some.map(([points, one]) => objective(points, one === 'error' ? 'fail' : one));
        const guards = others.map(([price, one]) => safeguard(price, one === 'error' ? 'fail' : one));
        const before = score(judged, guards, 0).points;
        for (const index of judged.keys()) {
          const mended = judged.with(index, { ...(judged[index] as ObjectiveResult), status: 'pass' });
          expect(score(mended, guards, 0).points).toBeGreaterThanOrEqual(before);
        }
      }),
    );
  });
});
