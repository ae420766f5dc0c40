import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { loadCatalogue } from '../../src/cli/catalogue.ts';
import { packageRoot } from '../../src/core/package-root.ts';
import { type Incident, incidentOf } from '../../src/engine/incident.ts';
import type { CaseResult } from '../../src/engine/verify.ts';
import { canShare } from '../../src/engine/sharing.ts';
import { resources } from '../../src/model/resources.ts';
import { nodesThatFit } from '../../src/providers/kind/nodes.ts';
import { run } from '../helpers/processes.ts';
import { namesOf, todaysCases } from './cases.ts';
import { describeReal, type RealCluster, realCluster } from './kind.ts';

/** Most of the time a cluster is waited for: three are worked on at a time, of up to three nodes, where so many fit. */
const CLUSTERS = Math.min(3, Math.max(1, Math.floor(nodesThatFit() / 3)));

// A test may wait for all that are before it on its cluster.
jest.setTimeout(45 * 60_000);

/** What is tried of one scenario. */
interface Work {
  readonly incident: Incident;
  /** Of its cases. */
  readonly names: readonly string[];
  readonly minutes: number;
}

const cases = todaysCases();
const works = (await loadCatalogue()).flatMap((scenario): Work[] => {
  const tried = cases[scenario.id];
  if (tried === undefined) return [];
  return [{ incident: incidentOf(scenario, 1), names: namesOf(tried), minutes: tried.minutes }];
});

const incidentsOf = (group: readonly Work[]): Incident[] => group.map(({ incident }) => incident);

/** As evenly as the registries allow that they need: the longest first, each to those that have least to do. */
function spread(all: readonly Work[]): Work[][] {
  const groups = Array.from({ length: CLUSTERS }, (): Work[] => []);
  const busy = (group: readonly Work[]): number => group.reduce((sum, { minutes }) => sum + minutes, 0);
  for (const work of all.toSorted((one, other) => other.minutes - one.minutes)) {
    const [idlest] = groups
      .filter((group) => canShare(work.incident, incidentsOf(group)))
      .sort((one, other) => busy(one) - busy(other));
    if (idlest === undefined)
      throw new Error(`no cluster can have ${work.incident.scenario.id} beside the others`);
    idlest.push(work);
  }
  // Clusters are made one after the other.
  return groups.filter((group) => group.length > 0).sort((one, other) => busy(other) - busy(one));
}

describeReal('on a real cluster', () => {
  const clusters: RealCluster[] = [];
  const results = new Map<string, Promise<readonly CaseResult[]>>();
  let applied: Promise<void> | undefined;

  beforeAll(async () => {
    const groups = spread(works);
    for (const [index, group] of groups.entries()) {
      const real = await realCluster(incidentsOf(group), `real-scenarios-${index + 1}`);
      clusters.push(real);
      let before: Promise<unknown> = Promise.resolve();
      if (index === groups.length - 1) before = applied = applyShop(real);
      for (const { incident, names } of group) {
        for (const name of names) {
          const result = before.then(
            () => real.verify(incident, name),
            () => real.verify(incident, name),
          );
          results.set(`${incident.scenario.id}: ${name}`, result);
          before = result;
        }
      }
    }
  });
  afterAll(async () => {
    await Promise.allSettled(results.values());
    await Promise.all(clusters.map((real) => real[Symbol.asyncDispose]()));
  });

  test('manifests/shop works with plain kubectl apply', () => applied);

  for (const { incident, names } of works) {
    const { id } = incident.scenario;
    test.each(names)(`${id}: %s`, async (name) => {
      const seen = (await results.get(`${id}: ${name}`)) ?? [];
      expect(seen.map((result) => result.case)).toEqual([name]);
      expect(seen.filter(({ ok }) => !ok)).toEqual([]);
    });
  }
});

/** As a user would, on any cluster; a payment goes all the way through. */
async function applyShop({ cluster }: RealCluster): Promise<void> {
  const { folder } = cluster.ref;
  const config = join(folder, 'kubeconfig');
  writeFileSync(config, cluster.kubeconfig, { mode: 0o600 });
  const env = { PATH: process.env['PATH'], HOME: folder, KUBECONFIG: config };
  const kubectl = async (...args: string[]): Promise<void> => {
    expect(await run('kubectl', args, { env, killAfter: 300_000 })).toMatchObject({ code: 0 });
  };
  await kubectl('apply', '-f', join(packageRoot, 'manifests/shop'));
  await kubectl('-n', 'shop', 'rollout', 'status', 'statefulset/ledger', '--timeout=240s');
  await kubectl('-n', 'shop', 'wait', 'deployment', '--all', '--for=condition=Available', '--timeout=240s');
  const [gateway] = await cluster.kube.list(resources.pods, {
    namespace: 'shop',
    labelSelector: 'app=gateway',
  });
  const paid = await cluster.kube.exec('shop', gateway?.metadata.name ?? '', {
    command: ['node', '/app/shop.mjs', 'probe', 'http', 'http://127.0.0.1:8080/pay'],
  });
  expect(JSON.parse(paid.stdout)).toMatchObject({ attempts: 1, succeeded: 1 });
}
