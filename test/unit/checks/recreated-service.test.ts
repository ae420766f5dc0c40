import { describe, expect, test } from '@jest/globals';
import { followsRecreation } from '../../../src/checks/recreated-service.ts';
import { Random } from '../../../src/core/random.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { Service } from '../../../src/model/objects.ts';
import { resources } from '../../../src/model/resources.ts';
import { fakeKube, FakeState } from '../support/fake-kube.ts';
import { labView, workload } from './support.ts';

const from = { namespace: 'shop', app: 'gateway' };

/**
 * A cluster whose Services get these addresses one after another, and a DNS that gives what `answer` makes of the
 * address that the Service has now, and of how long ago it got it.
 */
async function graded(
  addresses: readonly string[],
  answer: (now: string | undefined, before: string | undefined, ageMs: number) => string | undefined,
) {
  const state = new FakeState();
  const kube = fakeKube(state);
  const left = [...addresses];
  const known: string[] = [];
  let since = 0;
  const running = { phase: 'Running', containerStatuses: [{ name: 'gateway', state: { running: {} } }] };
  const clients = workload('gateway@shop', { containers: [{ name: 'gateway', image: 'shop' }] }, [running], {
    app: 'gateway',
  });
  await kube.applyAll(clients, { manager: 'test' });
  const services = () => kube.list<Service>(resources.services, { namespace: 'shop' });
  const create = (async (resource: typeof resources.services, object: Service) => {
    const clusterIP = left.shift();
    const made = await kube.create(resource, {
      ...object,
      spec: { ...object.spec, ...(clusterIP && { clusterIP }) },
    });
    if (clusterIP !== undefined && known.at(-1) !== clusterIP) known.push(clusterIP);
    since = view.clock.ms;
    return made;
  }) as unknown as KubeClient['create'];
  const exec: KubeClient['exec'] = async (_namespace, _pod, { command }) => {
    const wanted = command[command.indexOf('--contains') + 1];
    const [service] = await services();
    const now = service?.spec.clusterIP;
    const said = answer(
      now,
      known.findLast((one) => one !== now),
      view.clock.ms - since,
    );
    const failed = command.includes('--contains') && said !== wanted ? 1 : 0;
    const report = { attempts: 1, succeeded: 1 - failed, failed, outcomes: {}, last: said ?? 'ENOTFOUND' };
    return { code: 0, stdout: JSON.stringify(report), stderr: '' };
  };
  const view = { ...(await labView(clients, { ...kube, create, exec })), random: new Random('checks') };
  const seen = await followsRecreation(from, { withinMs: 60_000, windowMs: 20_000 }).grade?.(view);
  return { seen, left, remaining: (await services()).map(({ metadata }) => metadata.name) };
}

describe('a Service that is made again', () => {
  test('is found at its new address', async () => {
    const { seen, remaining } = await graded(['10.96.0.1', '10.96.0.2'], (now) => now);
    expect(seen).toMatchObject({ status: 'pass' });
    expect(remaining).toEqual([]);
  });

  test('in time', async () => {
    const cachedFor = (ms: number) =>
      graded(['10.96.0.1', '10.96.0.2'], (now, before, age) => (age < ms ? (before ?? now) : now));
    expect((await cachedFor(59_000)).seen).toMatchObject({ status: 'pass' });
    expect((await cachedFor(90_000)).seen).toEqual({ status: 'fail', seen: '10.96.0.1' });
  });

  test('the same address by chance proves nothing', async () => {
    const { seen, left } = await graded(['10.96.0.1', '10.96.0.1', '10.96.0.2'], () => '10.96.0.1');
    expect(seen).toEqual({ status: 'fail', seen: '10.96.0.1' });
    expect(left).toEqual([]);
  });

  test('that is never found', async () => {
    const { seen, left, remaining } = await graded(['10.96.0.1', '10.96.0.2'], () => undefined);
    expect(seen).toEqual({ status: 'fail', seen: 'ENOTFOUND' });
    expect(left).toEqual(['10.96.0.2']);
    expect(remaining).toEqual([]);
  });
});
