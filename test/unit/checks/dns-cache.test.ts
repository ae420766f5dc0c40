import { describe, expect, test } from '@jest/globals';
import { askedSeldom, type CountedZone, keptNoLonger, quickLookups } from '../../../src/checks/dns-cache.ts';
import { Random } from '../../../src/core/random.ts';
import { labView, object, workload } from './support.ts';

const from = { namespace: 'shop', app: 'fx' };
const of: CountedZone = {
  zone: 'bank.test',
  name: 'fx.bank.test',
  address: '198.51.100.7',
  server: '10.96.200.7',
  others: '198.51.100.9',
  delayMs: 800,
};

interface World {
  /** How often the name server was asked, each time somebody wants to know. */
  readonly asked?: readonly (number | undefined)[];
  /** The same for IPv6 addresses, which no name has. */
  readonly denied?: readonly number[];
  /** The same for the name that clients use. */
  readonly used?: readonly number[];
  readonly failed?: number;
  readonly medianMs?: number;
  readonly p99Ms?: number;
}

async function lab({
  asked = [],
  denied = [2, 4, 6, 8],
  used = [1, 2, 3, 4],
  failed = 0,
  medianMs = 1,
  p99Ms = 1,
}: World) {
  const commands: string[] = [];
  const counts = [...asked];
  const denials = [...denied];
  const uses = [...used];
  const running = { phase: 'Running', containerStatuses: [{ name: 'fx', state: { running: {} } }] };
  const view = await labView(
    [
      ...workload('fx@shop', { containers: [{ name: 'fx', image: 'shop' }] }, [running], { app: 'fx' }),
      object('v1', 'Service', 'kube-dns@kube-system', { spec: { clusterIP: '10.96.0.10' } }),
    ],
    {
      exec: (_namespace, _pod, { command }) => {
        const [kind, ...rest] = command.slice(2);
        commands.push([kind, ...rest].join(' '));
        if (kind === 'get') {
          const isUsed = rest.join('').includes(`name=${of.name}&`);
          const count = (rest.join('').endsWith('AAAA') ? denials : isUsed ? uses : counts).shift();
          return Promise.resolve({
            code: count === undefined ? 1 : 0,
            stdout: JSON.stringify({ asked: count }),
            stderr: '',
          });
        }
        const report = {
          attempts: 60,
          succeeded: 60 - failed,
          failed,
          outcomes: {},
          last: 'EAI_AGAIN',
          medianMs,
          p99Ms,
        };
        return Promise.resolve({ code: 0, stdout: JSON.stringify(report), stderr: '' });
      },
    },
  );
  return { view: { ...view, random: new Random('checks') }, commands };
}

describe('a name server that is asked seldom', () => {
  const look = async (world: World) => {
    const { view, commands } = await lab(world);
    return { seen: await askedSeldom({ from, of, perHundred: 10 }).look(view), commands };
  };

  test('a new name every time, looked up as it is written', async () => {
    const { seen, commands } = await look({ asked: [6] });
    expect(seen).toEqual({ status: 'pass', seen: '6 queries to the name server for 60 lookups' });
    const name = /^probe dns (q-\w+\.bank\.test)\. /.exec(commands[0] ?? '')?.[1] ?? '';
    expect(commands).toEqual([
      `probe dns ${name}. --contains 198.51.100.9 --exactly --every 50ms --count 60`,
      `get http://10.96.200.7/asked?name=${name}&type=A`,
      `probe ask 10.96.0.10 --name ${name} --type AAAA --every 50ms --count 60`,
      `get http://10.96.200.7/asked?name=${name}&type=AAAA`,
    ]);
  });

  test.each([
    [{ asked: [7] }, '7 queries to the name server for 60 lookups'],
    [
      { asked: [2], denied: [7] },
      '7 queries to the name server for 60 lookups of a record that the name does not have (AAAA)',
    ],
    [
      { asked: [0] },
      '0 queries to the name server for 60 lookups: the answers do not come from the name server of bank.test',
    ],
    [{ asked: [2], failed: 3 }, '3 of 60 lookups failed or were wrong, the last gave EAI_AGAIN'],
  ])('not with %j', async (world, seen) => {
    expect((await look(world)).seen).toEqual({ status: 'fail', seen });
  });

  test('not where its count cannot be had', async () => {
    expect((await look({ asked: [undefined] })).seen.status).toBe('fail');
  });

  test('one observer for a window', async () => {
    const { view, commands } = await lab({ asked: [2] });
    expect(await askedSeldom({ from, of, perHundred: 10 }).observe?.(view, 20_000)).toMatchObject({
      status: 'pass',
    });
    expect(commands[0]).toMatch(/--every 50ms --for 20000ms$/);
  });
});

describe('an answer that is kept no longer', () => {
  const grade = async (world: World, patience?: number) => {
    const { view } = await lab(world);
    const begun = view.clock.ms;
    const check = keptNoLonger({ from, of, maxMs: 120_000, settleMs: 180_000 });
    const seen = await check.grade?.({ ...view, ...(patience !== undefined && { patience }) });
    return { seen, tookMs: view.clock.ms - begun };
  };

  test('its server is asked again', async () => {
    const { seen, tookMs } = await grade({ asked: [2, 4], p99Ms: 800 });
    expect(seen).toEqual({ status: 'pass', seen: 'the name server was asked again' });
    expect(tookMs).toBe(120_000);
  });

  test.each([
    [{ asked: [2, 2, 4, 4], p99Ms: 800 }, 'an answer that is 120 s old is still given'],
    [{ asked: [2, 4, 4, 6], p99Ms: 3 }, 'an answer that is 120 s old is still given'],
    [
      { asked: [2, 4, 4, 6], denied: [2, 2, 2, 2], p99Ms: 800 },
      'the answer that a name has no such record (AAAA) is 120 s old, and is still given',
    ],
    [
      { asked: [2, 4, 4, 6], used: [5, 5, 5, 5], p99Ms: 800 },
      'an answer for fx.bank.test that is 120 s old is still given',
    ],
    [{ asked: [2, 4], failed: 60 }, '60 of 60 lookups failed or were wrong, the last gave EAI_AGAIN'],
  ])('not with %j', async (world, seen) => {
    expect((await grade(world)).seen).toEqual({ status: 'fail', seen });
  });

  test('once a changed configuration has had the time to arrive', async () => {
    const { seen, tookMs } = await grade({ asked: [2, 2, 4, 6], p99Ms: 800 });
    expect(seen?.status).toBe('pass');
    expect(tookMs).toBe(180_000 + 120_000);
    const hasty = await grade({ asked: [2, 2, 4, 6], p99Ms: 800 }, 45_000);
    expect(hasty).toMatchObject({ seen: { status: 'fail' }, tookMs: 120_000 });
  });
});

describe('quick lookups', () => {
  const check = quickLookups({ from, name: 'fx.bank.test.', address: '198.51.100.7', p99Ms: 400 });

  test.each([
    [{ p99Ms: 400 }, 'pass', '99 of 100 of the lookups of fx.bank.test. take up to 400 ms'],
    [{ p99Ms: 401 }, 'fail', '99 of 100 of the lookups of fx.bank.test. take up to 401 ms'],
    [{ failed: 1 }, 'fail', '1 of 60 lookups failed or were wrong, the last gave EAI_AGAIN'],
  ])('%j in a window: %s', async (world, status, seen) => {
    const { view } = await lab(world);
    expect(await check.observe?.(view, 30_000)).toEqual({ status, seen });
  });

  test.each([
    // Of a few lookups the one that no cache had is more than one of a hundred.
    [{ medianMs: 1, p99Ms: 900 }, 'pass', 'half of the lookups of fx.bank.test. take up to 1 ms'],
    [{ medianMs: 900, p99Ms: 900 }, 'fail', 'half of the lookups of fx.bank.test. take up to 900 ms'],
    [{ failed: 1 }, 'fail', '1 of 60 lookups failed or were wrong, the last gave EAI_AGAIN'],
  ])('%j at a look: %s', async (world, status, seen) => {
    const { view } = await lab(world);
    expect(await check.look(view)).toEqual({ status, seen });
  });
});
