import { describe, expect, test } from '@jest/globals';
import { watchLab } from '../../../src/engine/watch.ts';
import type { GradeEntry } from '../../../src/report/journal.ts';
import { objective } from '../../../src/scenario/parts.ts';
import { parts, setValues, settingsScenario } from '../support/settings-scenario.ts';
import { testLab } from '../support/lab.ts';

const minute = 60_000;
const scenario = settingsScenario({
  objectives: () => [
    objective('mode', 60, 'Mode', parts.valueIs('mode', 'good')),
    objective('noisy', 40, 'Noisy', parts.noisy),
  ],
});

describe('watch', () => {
  test.each([true, false])(
    'looks once, then at each change, until it would pass (copy: %s)',
    async (fork) => {
      using lab = testLab({ fork, scenario });
      await using open = await lab.start();
      const { clock } = lab.provider;
      const looks: GradeEntry[] = [];
      clock.after(10 * minute, () => void setValues(open.cluster, { color: 'red' }));
      clock.after(20 * minute, () => void setValues(open.cluster, { mode: 'good', color: 'blue' }));
      const result = await watchLab(open, {
        clock,
        signal: lab.signal,
        looking: () => {},
        seen: (look) => looks.push(look),
      });
      expect(looks.map(({ verdict }) => verdict)).toEqual(['fail', 'fail', 'pass']);
      // The part that disturbs was never looked at, and would have failed.
      expect(result.objectives.map(({ id }) => id)).toEqual(['mode']);
      const types = open.folder.journal.read().map(({ type }) => type);
      expect(types.filter((type) => type === 'changed')).toHaveLength(2);
      expect(types).not.toContain('graded');
    },
  );

  test.each([
    ['goes away', 'unreachable'],
    ['lets nobody read any more', 'forbidden'],
  ] as const)(
    'a cluster that %s is an error, looked at once; it goes on afterwards',
    async (_what, wrong) => {
      using lab = testLab({ fork: false, scenario });
      await using open = await lab.start();
      const { clock } = lab.provider;
      const looks: string[] = [];
      clock.after(minute, () => (lab.cluster()[wrong] = true));
      clock.after(5 * minute, () => (lab.cluster()[wrong] = false));
      clock.after(6 * minute, () => void setValues(open.cluster, { mode: 'good' }));
      await watchLab(open, {
        clock,
        signal: lab.signal,
        looking: () => {},
        seen: ({ verdict }) => looks.push(verdict),
      });
      expect(looks).toEqual(['fail', 'error', 'fail', 'pass']);
    },
  );

  test('ends when interrupted', async () => {
    const interrupt = new AbortController();
    using lab = testLab({ scenario });
    await using open = await lab.start();
    const { clock } = lab.provider;
    clock.after(minute, () => interrupt.abort(new Error('interrupted')));
    const watching = watchLab(open, { clock, signal: interrupt.signal, looking: () => {}, seen: () => {} });
    await expect(watching).rejects.toThrow('interrupted');
  });
});
