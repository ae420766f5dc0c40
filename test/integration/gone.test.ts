import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Baseline } from '../../src/checks/baseline.ts';
import { loadCatalogue } from '../../src/cli/catalogue.ts';
import { breakCluster, type PhaseReport, viewOf } from '../../src/engine/break.ts';
import { grade } from '../../src/engine/grade.ts';
import { type Incident, incidentOf } from '../../src/engine/incident.ts';
import { specFor } from '../../src/engine/start.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { type Resource, resources } from '../../src/model/resources.ts';
import { embeddedProvider } from '../../src/providers/embedded/provider.ts';
import type { Cluster } from '../../src/providers/provider.ts';
import { callerOf } from '../../src/scenario/shop.ts';
import type { Scenario } from '../../src/scenario/types.ts';

/** What a learner can take away from a lab that is repaired already: always a fail, never a pass and never an error. */
jest.setTimeout(300_000);

const { signal } = new AbortController();
const root = mkdtempSync(join(tmpdir(), 'breakfix-gone-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const quiet: PhaseReport = async (_phase, work) => {
  await work();
};

interface Loss {
  readonly what: string;
  readonly take: (kube: KubeClient, incident: Incident) => Promise<unknown>;
}

const ANY_SCENARIO: readonly Loss[] = [
  {
    what: 'its namespace',
    take: (kube, { plan }) => kube.delete(resources.namespaces, undefined, plan.namespace),
  },
  {
    what: 'every namespace, as kubectl delete ns --all does',
    take: async (kube) => {
      for (const { metadata } of await kube.list(resources.namespaces)) {
        // The server keeps those that every cluster has.
        await kube.delete(resources.namespaces, undefined, metadata.name).catch(() => {});
      }
    },
  },
  {
    what: 'all workloads and Services, with the namespace left',
    take: async (kube, { plan: { namespace } }) => {
      const { deployments, statefulSets, services, configMaps } = resources;
      for (const resource of [deployments, statefulSets, services, configMaps] as readonly Resource[]) {
        for (const { metadata } of await kube.list(resource, { namespace })) {
          await kube.delete(resource, namespace, metadata.name);
        }
      }
    },
  },
];

const serviceOf = ({ values: { service } }: Incident): string =>
  typeof service === 'string' ? service : 'checkout';

/** These ask a Service by its name, from the one who really calls it: that one is needed too. */
const SINGLE: readonly Loss[] = [
  { what: 'CoreDNS', take: (kube) => kube.delete(resources.deployments, 'kube-system', 'coredns') },
  {
    what: 'the client',
    take: (kube, incident) => kube.delete(resources.deployments, 'shop', callerOf(serviceOf(incident))),
  },
  {
    what: 'the program of the client',
    take: (kube, incident) => {
      const name = callerOf(serviceOf(incident));
      const spec = { containers: [{ name, command: ['sleep', '3600'] }] };
      return kube.patch(
        resources.deployments,
        'shop',
        name,
        { spec: { template: { spec } } },
        { type: 'strategic' },
      );
    },
  },
  {
    what: 'the Service',
    take: (kube, incident) => kube.delete(resources.services, 'shop', serviceOf(incident)),
  },
];
const ASKED_BY_NAME = ['readiness-probe', 'dns-nxdomain', 'image-tag-typo', 'oom-limit'];

describe.each((await loadCatalogue()).map((scenario): [string, Scenario] => [scenario.id, scenario]))(
  '%s, repaired',
  (id, scenario) => {
    const incident = incidentOf(scenario, 1);
    let cluster: Cluster;
    let baseline: Baseline;
    beforeAll(async () => {
      const provider = embeddedProvider({ version: 'test', labCommand: [], mode: 'local' });
      const spec = specFor(incident, id, root);
      cluster = await provider.create(provider.plan(spec), spec, { signal });
      baseline = await breakCluster(cluster, incident, quiet, signal);
      const [fix] = scenario.fixes(incident.values);
      await fix?.apply(viewOf(cluster, baseline, incident, signal));
      await cluster.clock.wait(120_000, signal);
    });
    afterAll(async () => {
      await cluster[Symbol.asyncDispose]();
    });

    test.each([...ANY_SCENARIO, ...(ASKED_BY_NAME.includes(id) ? SINGLE : [])])(
      'without $what fails at its checks',
      async ({ take }) => {
        await using copy = await cluster.can.fork?.();
        if (copy === undefined) throw new Error('it cannot be copied');
        await take(copy.kube, incident);
        await copy.clock.wait(60_000, signal);
        const result = await grade({ cluster: copy, baseline, incident }, { hintPrice: 0, signal });
        const parts = [...result.objectives, ...result.safeguards];
        expect(parts.filter(({ status }) => status === 'error')).toEqual([]);
        expect(result.verdict).toBe('fail');
        expect(result.points).toBeLessThan(result.most);
      },
    );
  },
);
