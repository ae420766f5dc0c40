import { describe, expect, test } from '@jest/globals';
import { followsRecreation } from '../../../src/checks/recreated-service.ts';
import { Random } from '../../../src/core/random.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { Service } from '../../../src/model/objects.ts';
import { resources } from '../../../src/model/resources.ts';
import { fakeKube, FakeState } from '../support/fake-kube.ts';
import { labView, workload } from './support.ts';

const from = { namespace: 'shop', app: 'gateway' };

/** What DNS says of a name: from the addresses that its Service has had, and how long ago it got the last of them. */
type Answer = (had: readonly string[], ageMs: number, name: string) => string | undefined;

/** A cluster whose Services get these addresses one after another, and a DNS that answers so. */
async function graded(addresses: readonly string[], answer: Answer) {
  const state = new FakeState();
  const kube = fakeKube(state);
  const left = [...addresses];
  const had = new Map<string, { all: string[]; since: number }>();
  const running = { phase: 'Running', containerStatuses: [{ name: 'gateway', state: { running: {} } }] };
  const clients = workload('gateway@shop', { containers: [{ name: 'gateway', image: 'shop' }] }, [running], {
    app: 'gateway',
  });
  await kube.applyAll(clients, { manager: 'test' });
  const services = () => kube.list<Service>(resources.services);
  const create = ((resource: typeof resources.services, object: Service) => {
    const clusterIP = left.shift() ?? '';
    const all = [...(had.get(object.metadata.name)?.all ?? []), clusterIP];
    had.set(object.metadata.name, { all, since: view.clock.ms });
    return kube.create(resource, { ...object, spec: { ...object.spec, clusterIP } });
  }) as unknown as KubeClient['create'];
  const exec: KubeClient['exec'] = (_namespace, _pod, { command }) => {
    const [name = ''] = (command[command.indexOf('dns') + 1] ?? '').split('.');
    const wanted = command[command.indexOf('--contains') + 1];
    const { all = [], since = 0 } = had.get(name) ?? {};
    const said = answer(all, view.clock.ms - since, name);
    const failed = command.includes('--contains') && said !== wanted ? 1 : 0;
    const report = { attempts: 1, succeeded: 1 - failed, failed, outcomes: {}, last: said ?? 'ENOTFOUND' };
    return Promise.resolve({ code: 0, stdout: JSON.stringify(report), stderr: '' });
  };
  const view = { ...(await labView(clients, { ...kube, create, exec })), random: new Random('checks') };
  const seen = await followsRecreation(from, { withinMs: 60_000, windowMs: 20_000 }).grade?.(view);
  const remaining = (await services()).map(({ metadata }) => metadata.name);
  return { seen, left, remaining };
}

/** Three Services, the same after they were made again, and two that were not there before. */
const EIGHT = [1, 2, 3, 4, 5, 6, 7, 8].map((last) => `10.96.0.${last}`);

describe('a Service that is made again', () => {
  test('is found at its new address', async () => {
    const { seen, remaining } = await graded(EIGHT, (had) => had.at(-1));
    expect(seen).toMatchObject({ status: 'pass' });
    expect(remaining).toEqual([]);
  });

  test('in time', async () => {
    const cachedFor = (ms: number) => graded(EIGHT, (had, age) => (age < ms ? had[0] : had.at(-1)));
    expect((await cachedFor(59_000)).seen).toMatchObject({ status: 'pass' });
    expect((await cachedFor(90_000)).seen).toEqual({ status: 'fail', seen: '10.96.0.1' });
  });

  test('also by the first who asks when the time is over: an outdated answer may not be given once more', async () => {
    const asked = new Set<string>();
    const { seen } = await graded(EIGHT, (had, _age, name) => {
      const isFirst = had.length > 1 && !asked.has(name);
      if (had.length > 1) asked.add(name);
      return isFirst ? had[0] : had.at(-1);
    });
    expect(seen).toEqual({ status: 'fail', seen: '10.96.0.2' });
  });

  test('also by who has asked while it was not there: a denial is not kept either', async () => {
    const denied = new Set<string>();
    const { seen } = await graded(EIGHT, (had, _age, name) => {
      if (had.length === 0) denied.add(name);
      return denied.has(name) ? undefined : had.at(-1);
    });
    expect(seen).toEqual({ status: 'fail', seen: 'ENOTFOUND' });
  });

  test('in another namespace too', async () => {
    const { seen } = await graded(EIGHT, (had, _age, name) => (name.includes('-far-') ? had[0] : had.at(-1)));
    expect(seen).toEqual({ status: 'fail', seen: '10.96.0.3' });
  });

  test('the same address by chance proves nothing', async () => {
    const addresses = [1, 2, 3, 1, 4, 5, 6, 7, 8].map((last) => `10.96.0.${last}`);
    const { seen, left } = await graded(addresses, (had) => had[0]);
    expect(seen).toEqual({ status: 'fail', seen: '10.96.0.1' });
    expect(left).toEqual([]);
  });

  test('that is never found', async () => {
    const { seen, left, remaining } = await graded(EIGHT, () => undefined);
    expect(seen).toEqual({ status: 'fail', seen: 'ENOTFOUND' });
    expect(left).toEqual(EIGHT.slice(3));
    expect(remaining).toEqual([]);
  });
});
