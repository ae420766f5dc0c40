import { describe, expect, test } from '@jest/globals';
import type { ClusterFault } from '../../../src/cluster/cluster-faults.ts';
import type { OutsideChange } from '../../../src/cluster/outside.ts';
import type { Node } from '../../../src/model/objects.ts';
import type { EmbeddedHeader } from '../../../src/providers/embedded/spec.ts';
import {
  fingerprint,
  headerOf,
  inProcessLab,
  type InProcessLab,
  MINUTE,
  replay,
  SECOND,
} from '../../helpers/in-process.ts';

const WORKER = 'lab-worker';
const REGISTRY = 'registry.test:5000';

async function ready(): Promise<InProcessLab> {
  const plain = headerOf('faults');
  const header: EmbeddedHeader = {
    ...plain,
    spec: { ...plain.spec, registries: [{ host: REGISTRY, repositories: { shop: { '1.4.2': '1.4.2' } } }] },
  };
  const lab = inProcessLab(header);
  await lab.host.advanceTo(header.epoch + 20 * SECOND);
  return lab;
}

const put = (lab: InProcessLab, fault: ClusterFault, forMs?: number): Promise<void> =>
  change(lab, { what: 'fault', fault, ...(forMs === undefined ? {} : { forMs }) });
const change = (lab: InProcessLab, what: OutsideChange): Promise<void> => lab.host.change(what);
const pass = (lab: InProcessLab, time: number): Promise<void> => lab.host.advanceTo(lab.host.now + time);

async function readiness(lab: InProcessLab): Promise<string | undefined> {
  const { body } = await lab.request('GET', `/api/v1/nodes/${WORKER}`);
  return (body as unknown as Node).status.conditions?.find(({ type }) => type === 'Ready')?.status;
}

async function logsOf(lab: InProcessLab): Promise<string> {
  const { body } = await lab.request('GET', '/api/v1/namespaces/kube-system/pods', {
    query: `fieldSelector=spec.nodeName%3D${WORKER}`,
  });
  const [pod] = (body as { items: { metadata: { name: string } }[] }).items;
  const path = `/api/v1/namespaces/kube-system/pods/${pod?.metadata.name ?? ''}/log`;
  const { body: answer } = await lab.request('GET', path);
  return String(answer['message']);
}

describe('a stopped kubelet', () => {
  test('the node is NotReady after 50 s and Ready when it is mended; connections are refused', async () => {
    const lab = await ready();
    await put(lab, { kind: 'kubelet-down', node: WORKER });
    await pass(lab, 30 * SECOND);
    expect(await readiness(lab)).toBe('True');
    await pass(lab, 30 * SECOND);
    expect(await readiness(lab)).toBe('Unknown');
    expect(await logsOf(lab)).toContain('172.18.0.3:10250: connect: connection refused');
    await change(lab, { what: 'mend', fault: { kind: 'kubelet-down', node: WORKER } });
    await pass(lab, 15 * SECOND);
    expect(await readiness(lab)).toBe('True');
  });
});

describe('a lost node', () => {
  test('nobody has its address; what is mended first does not bring back what is still wrong', async () => {
    const lab = await ready();
    await put(lab, { kind: 'kubelet-down', node: WORKER });
    await put(lab, { kind: 'node-lost', node: WORKER });
    expect(await logsOf(lab)).toContain('172.18.0.3:10250: connect: no route to host');
    await change(lab, { what: 'mend', fault: { kind: 'node-lost', node: WORKER } });
    expect(await logsOf(lab)).toContain('connection refused');
    await pass(lab, MINUTE);
    expect(await readiness(lab)).toBe('Unknown');
    await change(lab, { what: 'mend', fault: { kind: 'kubelet-down', node: WORKER } });
    await pass(lab, 15 * SECOND);
    expect(await readiness(lab)).toBe('True');
  });
});

describe('faults of a cluster', () => {
  test('one that has an end mends itself; another one at the same place takes its place', async () => {
    const lab = await ready();
    const start = lab.host.now;
    await put(lab, { kind: 'node-lost', node: WORKER }, 120_000);
    await put(lab, { kind: 'registry-slow', host: REGISTRY, ms: 100 }, 60_000);
    await put(lab, { kind: 'registry-slow', host: REGISTRY, ms: 200 });
    await put(lab, { kind: 'packet-loss', percent: 10, where: { port: 53 } });
    await put(lab, { kind: 'packet-loss', percent: 20, where: { port: 53 } });
    await put(lab, { kind: 'packet-loss', percent: 30, where: { port: 53, protocol: 'UDP' } });
    expect(lab.cluster.faults()).toEqual([
      { fault: { kind: 'node-lost', node: WORKER }, since: start, until: start + 2 * MINUTE },
      { fault: { kind: 'registry-slow', host: REGISTRY, ms: 200 }, since: start },
      { fault: { kind: 'packet-loss', percent: 20, where: { port: 53 } }, since: start },
      { fault: { kind: 'packet-loss', percent: 30, where: { port: 53, protocol: 'UDP' } }, since: start },
    ]);
    await pass(lab, 2 * MINUTE - 1);
    expect(lab.cluster.faults()).toHaveLength(4);
    await pass(lab, 1);
    expect(lab.cluster.faults()).toHaveLength(3);
    await pass(lab, 15 * SECOND);
    expect(await readiness(lab)).toBe('True');
  });

  const impossible: readonly (readonly [ClusterFault, string])[] = [
    [{ kind: 'kubelet-down', node: 'none' }, 'there is no node none'],
    [{ kind: 'latency', ms: 1, where: { node: 'none' } }, 'there is no node none'],
    [{ kind: 'packet-loss', percent: 1, where: { to: 'nowhere' } }, 'nowhere'],
    [{ kind: 'registry-down', host: 'none.test' }, 'there is no registry none.test'],
    [{ kind: 'node-lost', node: 'lab-control-plane' }, 'the API server is on lab-control-plane'],
  ];
  test('what cannot be is not in the cluster, and what is not there cannot be mended', async () => {
    const lab = await ready();
    for (const [fault, why] of impossible) await expect(put(lab, fault)).rejects.toThrow(why);
    expect(lab.cluster.faults()).toEqual([]);
    const gone = change(lab, { what: 'mend', fault: { kind: 'registry-down', host: REGISTRY } });
    await expect(gone).rejects.toThrow('there is no such fault');
  });

  test('a registry that is down refuses, and answers again', async () => {
    const lab = await ready();
    await put(lab, { kind: 'registry-down', host: REGISTRY });
    const image = `${REGISTRY}/shop:1.4.2`;
    const body = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'pulls' },
      spec: { containers: [{ name: 'main', image }] },
    };
    await lab.request('POST', '/api/v1/namespaces/default/pods', { body });
    const state = async (): Promise<string> =>
      JSON.stringify((await lab.request('GET', '/api/v1/namespaces/default/pods/pulls')).body['status']);
    await pass(lab, 5 * SECOND);
    expect(await state()).toMatch(/ErrImagePull|ImagePullBackOff/);
    await change(lab, { what: 'mend', fault: { kind: 'registry-down', host: REGISTRY } });
    await pass(lab, 2 * MINUTE);
    expect(await state()).toContain(`"imageID":"${REGISTRY}/shop@sha256:`);
  });

  test('a replay has the same faults at the same instants', async () => {
    const lab = await ready();
    await lab.goLive();
    await put(lab, { kind: 'node-lost', node: WORKER }, 400_000);
    await put(lab, { kind: 'packet-loss', percent: 30, where: {} });
    await lab.host.advanceBy(10 * MINUTE);
    await change(lab, { what: 'mend', fault: { kind: 'packet-loss', percent: 30, where: {} } });
    await lab.host.advanceBy(MINUTE);
    await lab.host.mark();
    expect(await replay(lab.header, lab.records)).toEqual(fingerprint(lab.cluster));
  });
});
