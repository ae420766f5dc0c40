import { describe, expect, test } from '@jest/globals';
import { probeEach, probeFrom } from '../../../src/checks/client-pod.ts';
import type { Manifest } from '../../../src/kube/client.ts';
import { resources } from '../../../src/model/resources.ts';
import { labView, workload } from './support.ts';

const client = (name: string, first: number, memory = '128Mi') =>
  workload(
    `${name}@shop`,
    { containers: [{ name, image: 'shop', resources: { limits: { memory } } }] },
    [{ phase: 'Running', containerStatuses: [{ name, state: { running: {} } }] }],
    { app: name },
    first,
  );

describe('looking from a client', () => {
  test.each([
    ['128Mi', 3],
    ['56Mi', 1],
  ])('of %s of memory it has room for %d commands at a time', async (memory, room) => {
    const running = new Map<string, number>();
    let most = 0;
    let together = 0;
    const lab = await labView([...client('gateway', 1, memory), ...client('payments', 4)], {
      exec: async (_namespace, pod) => {
        const count = (running.get(pod) ?? 0) + 1;
        running.set(pod, count);
        if (pod.startsWith('gateway')) most = Math.max(most, count);
        together = Math.max(
          together,
          [...running.values()].reduce((sum, one) => sum + one),
        );
        await new Promise((resolve) => setImmediate(resolve));
        running.set(pod, (running.get(pod) ?? 0) - 1);
        return { code: 0, stdout: JSON.stringify({ attempts: 1, failed: 0, outcomes: {} }), stderr: '' };
      },
    });
    const asked = ['gateway', 'payments'].flatMap((app) =>
      Array.from({ length: 8 }, () => probeFrom(lab, { namespace: 'shop', app }, ['dns', 'x'], 1000)),
    );
    const reports = await Promise.all(asked);
    expect(reports.filter((report) => 'attempts' in report)).toHaveLength(16);
    expect(most).toBe(room);
    // Clients do not wait for each other.
    expect(together).toBe(room + 3);
  });

  describe('several probes', () => {
    const from = { namespace: 'shop', app: 'gateway' };
    const names = Array.from({ length: 100 }, (_, index) => ['dns', `name-${index}`]);
    /** @param failing the name that is not found */
    const asked = async (failing?: string) => {
      const commands: string[][] = [];
      const noted: object[] = [];
      const lab = await labView(client('gateway', 1), {
        exec: (_namespace, _pod, { command }) => {
          commands.push([...command]);
          const probes = JSON.parse(command.at(-1) ?? '') as string[][];
          const at = probes.findIndex(([, name]) => name === failing);
          const reports = probes.slice(0, at === -1 ? undefined : at + 1).map(([, name]) => {
            const failed = name === failing ? 1 : 0;
            return { attempts: 1, succeeded: 1 - failed, failed, outcomes: {}, tookMs: 5, last: name };
          });
          return Promise.resolve({ code: 0, stdout: JSON.stringify(reports), stderr: '' });
        },
      });
      const reports = await probeEach({ ...lab, probed: (probe) => noted.push(probe) }, from, names, 1000);
      return { reports: reports as readonly { last: string }[], commands, noted };
    };

    test('are made by few commands, and noted one after the other', async () => {
      const { reports, commands, noted } = await asked();
      expect(reports.map(({ last }) => last)).toEqual(names.map(([, name]) => name));
      expect(commands.map((command) => (JSON.parse(command.at(-1) ?? '') as unknown[]).length)).toEqual([
        40, 40, 20,
      ]);
      expect(noted).toHaveLength(100);
      const [first, second] = noted as { asked: string; begun: Date; ended: Date }[];
      expect(first).toMatchObject({ from: 'gateway', asked: 'lookup of name-0' });
      expect(second?.begun).toEqual(first?.ended);
      expect(Number(second?.ended) - Number(second?.begun)).toBe(5);
    });

    test('end with the first that fails', async () => {
      const { reports, commands, noted } = await asked('name-50');
      expect(reports).toHaveLength(51);
      expect(commands).toHaveLength(2);
      expect(noted).toHaveLength(51);
    });

    test('are of no use where nobody can be asked', async () => {
      const lab = await labView([]);
      expect(await probeEach(lab, from, names, 1000)).toMatchObject({ status: 'fail' });
    });
  });

  test('a lookup that takes longer than anybody would wait is no answer, and no error', async () => {
    const lab = await labView(client('gateway', 1), {
      exec: (_namespace, _pod, { timeoutMs = 0 }) =>
        new Promise((_, reject) => {
          AbortSignal.timeout(timeoutMs / 1000).onabort = ({ target }) =>
            reject((target as AbortSignal).reason as Error);
        }),
    });
    const asked = await probeFrom(lab, { namespace: 'shop', app: 'gateway' }, ['dns', 'x'], 30_000);
    expect(asked).toMatchObject({ status: 'fail', seen: expect.stringMatching(/: no answer within 30 s$/) });
  });

  test('a command that failed makes room for the next', async () => {
    let calls = 0;
    const lab = await labView(client('gateway', 1), {
      exec: () => {
        calls++;
        return calls <= 5
          ? Promise.reject(new Error('no cluster'))
          : Promise.resolve({ code: 0, stdout: '{"attempts":1}', stderr: '' });
      },
    });
    const ask = () => probeFrom(lab, { namespace: 'shop', app: 'gateway' }, ['dns', 'x'], 1000);
    const outcomes = await Promise.allSettled(Array.from({ length: 6 }, ask));
    expect(outcomes.map(({ status }) => status)).toEqual([...Array<string>(5).fill('rejected'), 'fulfilled']);
  });

  test('a client that is taken away while it is asked is followed by the next', async () => {
    const [first, second] = ['gateway', 'gateway-later'];
    const asked: string[] = [];
    const lab = await labView([...client('gateway', 1)], {
      exec: async (_namespace, pod) => {
        asked.push(pod);
        if (asked.length > 1) return { code: 0, stdout: '{"attempts":1}', stderr: '' };
        await lab.kube.delete(resources.pods, 'shop', pod);
        const [, , next] = client('gateway', 1);
        await lab.put({ ...next, metadata: { ...next?.metadata, name: second } } as Manifest);
        return { code: 137, stdout: '', stderr: '' };
      },
    });
    const report = await probeFrom(lab, { namespace: 'shop', app: first }, ['dns', 'x'], 1000);
    expect(report).toEqual({ attempts: 1 });
    expect(asked.at(-1)).toBe(second);
  });

  test('a command that is ended in a client that stays is a failure', async () => {
    let asked = 0;
    const lab = await labView(client('gateway', 1), {
      exec: () => {
        asked++;
        return Promise.resolve({ code: 137, stdout: '', stderr: '' });
      },
    });
    const seen = await probeFrom(lab, { namespace: 'shop', app: 'gateway' }, ['dns', 'x'], 1000);
    expect(seen).toMatchObject({ status: 'fail', seen: expect.stringContaining('ended with exit code 137') });
    expect(asked).toBe(1);
  });
});
