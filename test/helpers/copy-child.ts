import { BreakfixError, messageOf } from '../../src/core/errors.ts';
import { ProcessCopies } from '../../src/core/process-copy.ts';
import type { Fingerprint } from './in-process.ts';

/** What is tried in a process that can be copied; prints what came of it. */
const experiments = {
  'is it there': (copies) => Promise.resolve(copies !== undefined),

  'a copy changes nothing': async (copies) => {
    const kept = { numbers: [1, 2, 3] };
    const inCopy = await copies?.run(async () => {
      await Promise.resolve();
      kept.numbers.push(4);
      return { numbers: kept.numbers };
    });
    return { inCopy, here: kept.numbers };
  },

  'much of it': async (copies) => {
    const text = 'x'.repeat(3_000_000);
    return ((await copies?.run(() => Promise.resolve(text))) ?? '').length;
  },

  'what it throws': async (copies) =>
    copies?.run(() => Promise.reject(new Error('it went wrong'))).catch(messageOf),

  'one that never ends': async (copies) => copies?.run(() => new Promise(() => {})).catch(messageOf),

  'one that leaves in the middle': async (copies) =>
    copies?.run(() => Promise.resolve(process.exit(7))).catch(messageOf),

  'an error that users know': async (copies) => {
    const known = new BreakfixError({ code: 'ODD', kind: 'user', message: 'odd', fix: 'none' });
    return copies?.run(() => Promise.reject(known)).catch((error: unknown) => error);
  },

  /** Each makes garbage, so that memory comes and goes here and there. */
  'again and again': async (copies) => {
    const sums: number[] = [];
    let kept: { readonly value: number }[] = [];
    for (let round = 0; round < 30; round++) {
      kept = Array.from({ length: 50_000 + 1000 * round }, (_, value) => ({ value }));
      const sum = await copies?.run(() => {
        const more = kept.map(({ value }) => ({ value: value * 2 }));
        return Promise.resolve(more.length);
      });
      sums.push(sum ?? 0);
    }
    return sums;
  },

  /** Some minutes more of the same lab: in a copy of this process, here, and as a replay of its log. */
  'a lab': async (copies) => {
    const { applyShop, fingerprint, headerOf, inProcessLab, MINUTE, replay, SECOND } =
      await import('./in-process.ts');
    const header = headerOf('copied');
    const lab = inProcessLab(header);
    await lab.host.advanceTo(header.epoch + 5 * SECOND);
    await applyShop(lab);
    await lab.host.advanceTo(header.epoch + 2 * MINUTE);
    const later = async (): Promise<Fingerprint> => {
      await lab.host.advanceTo(header.epoch + 5 * MINUTE);
      return fingerprint(lab.cluster);
    };
    const copied = await copies?.run(later);
    return { copied, here: await later(), replayed: await replay(header, lab.records) };
  },
} satisfies Record<string, (copies: ProcessCopies | undefined) => Promise<unknown>>;

export type Experiment = keyof typeof experiments;

const experiment = experiments[process.argv[2] as Experiment];
process.stdout.write(JSON.stringify(await experiment(await ProcessCopies.load())));
