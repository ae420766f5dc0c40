import { describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import type { Proof } from '../../../../src/cli/verify/proofs.ts';
import { proveInWorkers } from '../../../../src/cli/verify/workers.ts';
import type { CaseResult } from '../../../../src/engine/verify.ts';

const entry = join(import.meta.dirname, '../../../helpers/verify-worker.ts');
const proof = (scenario: string, seed = 1): Proof => ({
  scenario,
  seed,
  aged: true,
  only: [],
  wholly: [],
});

async function proven(
  proofs: readonly Proof[],
  row: (result: CaseResult) => void = () => {},
  { signal } = new AbortController(),
): Promise<string[]> {
  const rows: string[] = [];
  await proveInWorkers(
    entry,
    proofs,
    (result) => {
      rows.push(`${result.scenario}/${result.seed} ${result.case}`);
      row(result);
    },
    signal,
  );
  return rows.sort();
}

describe('proofs in processes of their own', () => {
  test('every proof is done once, and all rows are told', async () => {
    const proofs = [1, 2, 3, 4, 5].map((seed) => proof('fine', seed));
    expect(await proven(proofs)).toEqual(
      [1, 2, 3, 4, 5].flatMap((seed) => [`fine/${seed} c`, `fine/${seed} d`]),
    );
  });

  test('an error that users know comes back as one', async () => {
    await expect(proven([proof('fine'), proof('is refused')])).rejects.toMatchObject({
      name: 'BreakfixError',
      code: 'LAB_NOT_READY',
      kind: 'lab',
      message: 'no lab',
      fix: 'start it again',
    });
  });

  test('another error keeps its message and where it was thrown', async () => {
    await expect(proven([proof('throws')])).rejects.toMatchObject({
      message: 'odd',
      stack: expect.stringContaining('verify-worker.ts'),
    });
  });

  test('a process that dies is no proof', async () => {
    await expect(proven([proof('dies')])).rejects.toThrow('the process that proved dies/1 ended: SIGKILL');
  });

  test('who is interrupted waits for nobody', async () => {
    const controller = new AbortController();
    const interrupt = (): void => controller.abort(new Error('interrupted'));
    await expect(proven([proof('never ends')], interrupt, controller)).rejects.toThrow();
    expect(controller.signal.aborted).toBe(true);
  });
});
