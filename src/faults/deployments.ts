import type { LabView } from '../checks/check.ts';
import type { Deployment } from '../model/objects.ts';
import { resources } from '../model/resources.ts';
import type { Fault, Revert } from './fault.ts';

/** Whoever changed something last in the story: field managers must not name the fault. */
export const DEPLOYER = 'kubectl-edit';

export interface DeploymentRef {
  readonly namespace: string;
  readonly name: string;
}

/**
 * Changes the first container of a Deployment by a merge of fields (strategic merge, by the container's name).
 * @returns how to put the changed fields back to what they were
 */
export async function patchContainer(
  lab: LabView,
  of: DeploymentRef,
  fields: Readonly<Record<string, unknown>>,
): Promise<Revert> {
  const before = await lab.kube.get(resources.deployments, of.namespace, of.name);
  await writeContainer(lab, of, fields);
  return async () => {
    const container = before?.spec.template.spec.containers.find(({ name }) => name === of.name) ?? {};
    const old = Object.fromEntries(
      Object.keys(fields).map((field) => [field, (container as Record<string, unknown>)[field] ?? null]),
    );
    await writeContainer(lab, of, old);
  };
}

function writeContainer(
  lab: LabView,
  of: DeploymentRef,
  fields: Readonly<Record<string, unknown>>,
): Promise<Deployment> {
  const body = { spec: { template: { spec: { containers: [{ name: of.name, ...fields }] } } } };
  return lab.kube.patch(resources.deployments, of.namespace, of.name, body, {
    type: 'strategic',
    fieldManager: DEPLOYER,
  });
}

/** The readiness probe asks a port that nothing listens on. */
export function readinessProbePort(of: DeploymentRef, port: number): Fault {
  return {
    name: 'readiness-probe-port',
    describe: `The readiness probe of deployment/${of.name} was pointed at port ${port}, where nothing listens.`,
    inject: (lab) => patchContainer(lab, of, { readinessProbe: { httpGet: { port } } }),
  };
}

/** The image gets a tag that its registry does not have. */
export function imageTag(of: DeploymentRef, image: string): Fault {
  return {
    name: 'image-tag',
    describe: `deployment/${of.name} was given the image ${image}, a tag that the registry does not have.`,
    inject: (lab) => patchContainer(lab, of, { image }),
  };
}

/** The memory limit is below what the workload needs under load. */
export function memoryLimit(of: DeploymentRef, limit: string, request: string): Fault {
  return {
    name: 'memory-limit',
    describe: `The memory limit of deployment/${of.name} was set to ${limit}, below its working set under load.`,
    inject: (lab) =>
      patchContainer(lab, of, { resources: { limits: { memory: limit }, requests: { memory: request } } }),
  };
}
