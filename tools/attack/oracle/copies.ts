import { copy } from '../../../src/core/json.ts';
import { KubeError } from '../../../src/kube/client.ts';
import type { NewObject, Pod, PodSpec } from '../../../src/model/objects.ts';
import { resources } from '../../../src/model/resources.ts';
import { deploymentOf, SHOP } from './ask.ts';
import type { Complaint, OracleView } from './view.ts';

/**
 * Makes one more pod of a Deployment's template, lets somebody look at it, and takes it away.
 * @param change of its spec; its labels are those of the template, so that the real Service finds it
 */
export async function withCopy(
  view: OracleView,
  name: string,
  change: (spec: PodSpec) => PodSpec,
  look: (pod: string) => Promise<Complaint>,
): Promise<Complaint> {
  const template = (await deploymentOf(view, name))?.spec.template;
  if (template === undefined) return `deployment/${name} is not there`;
  const pod = `${name}-7b9fd6c58c-${'x'.repeat(5)}`;
  const object: NewObject<Pod> = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: pod, namespace: SHOP, labels: { ...template.metadata?.labels } },
    spec: change(offItsNode(copy(template.spec))),
  };
  try {
    await view.kube.create(resources.pods, object);
  } catch (error) {
    if (error instanceof KubeError && error.isRefusal) return `one more pod is refused: ${error.message}`;
    throw error;
  }
  try {
    return await look(pod);
  } finally {
    await view.kube.delete(resources.pods, SHOP, pod, { grace: 0 });
    await view.wait(2000);
  }
}

/** Where a workload takes a port of each of its nodes, one more of its pods would find none. */
function offItsNode({ hostNetwork: _hostNetwork, ...spec }: PodSpec): PodSpec {
  const containers = spec.containers.map(({ ports = [], ...container }) => ({
    ...container,
    ports: ports.map(({ hostPort: _hostPort, ...port }) => port),
  }));
  return { ...spec, containers };
}

export async function podNamed(view: OracleView, name: string): Promise<Pod | undefined> {
  return view.kube.get(resources.pods, SHOP, name);
}

/** The program of a pod stops listening and lives on. */
export async function hangUp(view: OracleView, pod: string, container: string): Promise<Complaint> {
  try {
    const { code } = await view.kube.exec(SHOP, pod, {
      container,
      command: ['node', '/app/shop.mjs', 'hang-up'],
      timeoutMs: 60_000,
    });
    return code === 0 ? undefined : `${pod} is no shop`;
  } catch (error) {
    if (error instanceof KubeError) return `${pod}: ${error.message}`;
    throw error;
  }
}
