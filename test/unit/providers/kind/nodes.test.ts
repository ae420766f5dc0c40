import { expect, test } from '@jest/globals';
import type { Manifest } from '../../../../src/kube/client.ts';
import { waitForNodes } from '../../../../src/providers/kind/nodes.ts';
import { fakeKube, FakeState } from '../../support/fake-kube.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const node = (name: string, status: 'True' | 'False'): Manifest => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  status: { conditions: [{ type: 'Ready', status }] },
});

const wait = async (...nodes: readonly Manifest[]): Promise<void> => {
  const kube = fakeKube(new FakeState());
  await kube.applyAll(nodes, { manager: 'test' });
  await waitForNodes(kube, new ManualClock(), 2, new AbortController().signal);
};

test('a cluster is there when all its nodes are ready', async () => {
  await expect(wait(node('control-plane', 'True'), node('worker', 'True'))).resolves.toBeUndefined();
});

test.each([
  ['is not ready', [node('control-plane', 'True'), node('worker', 'False')]],
  ['never came', [node('control-plane', 'True')]],
])('says when a node %s', async (_what, nodes) => {
  await expect(wait(...nodes)).rejects.toMatchObject({
    code: 'NODES_NOT_READY',
    kind: 'environment',
    message: '1 of the 2 nodes of the new cluster are ready after 120 s',
  });
});
