import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { loadCatalogue } from '../../src/cli/catalogue.ts';
import { packageRoot } from '../../src/core/package-root.ts';
import { type Incident, incidentOf } from '../../src/engine/incident.ts';
import { resources } from '../../src/model/resources.ts';
import { run } from '../helpers/processes.ts';
import { describeReal, type RealCluster, realCluster } from './kind.ts';

/** Of every scenario: doing nothing, one right repair, one wrong one. */
const CASES = {
  'readiness-probe': ['no-op', 'fix named-port', 'hack remove-probe'],
  'image-tag-typo': ['no-op', 'fix digest', 'hack old-release'],
  'oom-limit': ['no-op', 'fix to-the-ceiling', 'hack restart-only'],
  'dns-nxdomain': ['no-op', 'fix restore', 'hack static-hosts'],
} as const;

jest.setTimeout(600_000);
const incidents: readonly Incident[] = (await loadCatalogue())
  .filter(({ id }) => id in CASES)
  .map((scenario) => incidentOf(scenario, 1));

describeReal('on a real cluster', () => {
  let real: RealCluster;
  beforeAll(async () => {
    real = await realCluster(incidents, 'real-scenarios');
  });
  afterAll(async () => {
    await real[Symbol.asyncDispose]();
  });

  test('manifests/shop works with plain kubectl apply', async () => {
    const { folder } = real.cluster.ref;
    const env = { PATH: process.env['PATH'], HOME: folder, KUBECONFIG: join(folder, 'kind.kubeconfig') };
    const kubectl = async (...args: string[]): Promise<void> => {
      expect(await run('kubectl', args, { env, killAfter: 300_000 })).toMatchObject({ code: 0 });
    };
    await kubectl('apply', '-f', join(packageRoot, 'manifests/shop'));
    await kubectl('-n', 'shop', 'rollout', 'status', 'statefulset/ledger', '--timeout=240s');
    await kubectl('-n', 'shop', 'wait', 'deployment', '--all', '--for=condition=Available', '--timeout=240s');
    const [gateway] = await real.cluster.kube.list(resources.pods, {
      namespace: 'shop',
      labelSelector: 'app=gateway',
    });
    const paid = await real.cluster.kube.exec('shop', gateway?.metadata.name ?? '', {
      command: ['node', '/app/shop.mjs', 'probe', 'http', 'http://127.0.0.1:8080/pay'],
    });
    expect(JSON.parse(paid.stdout)).toMatchObject({ attempts: 1, succeeded: 1 });
  });

  for (const incident of incidents) {
    const { id } = incident.scenario;
    test.each(CASES[id as keyof typeof CASES])(`${id}: %s`, async (name) => {
      const results = await real.verify(incident, name);
      expect(results.map((result) => result.case)).toEqual([name]);
      expect(results.filter(({ ok }) => !ok)).toEqual([]);
    });
  }
});
