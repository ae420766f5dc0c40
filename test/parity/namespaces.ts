import { setTimeout } from 'node:timers/promises';
import type { KubeClient } from '../../src/kube/client.ts';
import { resources } from '../../src/model/resources.ts';

/** Makes a namespace and waits for what every namespace has; `wait` lets time pass. */
export async function makeNamespace(
  kube: KubeClient,
  name: string,
  wait: (milliseconds: number) => Promise<void>,
): Promise<void> {
  await kube.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, { manager: 'parity' });
  for (let tries = 0; tries < 300; tries++) {
    const account = await kube.get(resources.serviceAccounts, name, 'default');
    const authority = await kube.get(resources.configMaps, name, 'kube-root-ca.crt');
    if (account !== undefined && authority !== undefined) return;
    await wait(100);
  }
  throw new Error(`namespace ${name} got no service account`);
}

/** Removes a namespace with all that is in it from a real cluster, whatever holds on to it. */
export async function removeNamespace(kube: KubeClient, name: string): Promise<void> {
  await kube.delete(resources.namespaces, undefined, name);
  for (let tries = 0; tries < 600; tries++) {
    const namespace = await kube.get(resources.namespaces, undefined, name);
    if (namespace === undefined) return;
    for (const pod of await kube.list(resources.pods, { namespace: name })) {
      await kube.delete(resources.pods, name, pod.metadata.name, { grace: 1 });
    }
    await setTimeout(200);
  }
  throw new Error(`namespace ${name} does not go`);
}
