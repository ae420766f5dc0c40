import { isDeepStrictEqual } from 'node:util';
import type { InputRecord } from '../../src/cluster/host/inputs.ts';
import type { Random } from '../../src/core/random.ts';
import type { EmbeddedHeader } from '../../src/providers/embedded/spec.ts';
import { type Fingerprint, fingerprint, type InProcessLab, liveAgain, replay, SECOND } from './in-process.ts';
import { DEPLOYMENTS, PODS } from './session.ts';

interface RunAgain {
  (header: EmbeddedHeader, records: readonly InputRecord[], random: Random): Promise<Fingerprint[]>;
}

/** Ways in which one process of a host may happen to run the same inputs; what happens in between is drawn from `random`. */
export const schedules: Readonly<Record<string, RunAgain>> = {
  replayed: async (header, records) => [await replay(header, records)],
  'replayed while the event loop is busy with others': async (header, records, random) => {
    using _busy = busyHost(random);
    return [await replay(header, records)];
  },
  'two replays at the same time': (header, records) =>
    Promise.all([replay(header, records), replay(header, records)]),
  'sent again, with readers and pauses in between': (header, records, random) =>
    sentAgain(header, records, { between: (lab) => readersOrPause(lab, random) }),
  'sent again in batches, while the event loop is busy': async (header, records, random) => {
    using _busy = busyHost(random);
    return await sentAgain(header, records, { together: true });
  },
  'sent again, the wall clock moving in steps of its own': (header, records, random) =>
    sentAgain(header, records, {
      between: async (lab, { at }) => {
        for (;;) {
          const step = random.between(1, 20 * SECOND);
          if (!lab.host.live || lab.host.now + step > at) return;
          await lab.wait(step);
        }
      },
    }),
};

/** @throws where the inputs that this leaves in the log are not the ones that were sent */
async function sentAgain(
  header: EmbeddedHeader,
  records: readonly InputRecord[],
  sending: Parameters<typeof liveAgain>[2],
): Promise<Fingerprint[]> {
  const lab = await liveAgain(header, records, sending);
  if (!isDeepStrictEqual(lab.records, records))
    throw new Error('the log of what was sent again is another one');
  return [fingerprint(lab.cluster)];
}

/** What clients do that leaves no trace: up to three readers whom somebody, or nobody, waits for; or nothing for a while. */
async function readersOrPause(lab: InProcessLab, random: Random): Promise<void> {
  if (random.between(0, 3) === 0) return new Promise((resolve) => setTimeout(resolve, random.between(0, 2)));
  for (let readers = random.between(0, 3); readers > 0; readers--) {
    const answer = lab.request('GET', random.pick([PODS, DEPLOYMENTS]));
    if (random.between(0, 1) === 1) await answer;
  }
}

/** Keeps the host busy with timers, immediates, ticks and microtasks in an order of chance, until it is disposed. */
function busyHost(random: Random): Disposable {
  let busy = true;
  const turn = (): void => {
    if (!busy) return;
    for (let count = random.between(0, 5); count > 0; count--) {
      if (random.between(0, 1) === 0) queueMicrotask(() => queueMicrotask(() => {}));
      else process.nextTick(() => queueMicrotask(() => {}));
    }
    if (random.between(0, 3) === 0) setTimeout(turn, random.between(0, 2));
    else setImmediate(turn);
  };
  turn();
  return {
    [Symbol.dispose]: () => {
      busy = false;
    },
  };
}
