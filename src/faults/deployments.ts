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
 * Changes the container of a Deployment that has its name, by a merge of fields (strategic merge, by the container's name).
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

/** What a liveness probe waits for and bears; in seconds, as in a manifest. */
export interface Patience {
  readonly initialDelaySeconds: number;
  readonly periodSeconds: number;
  readonly failureThreshold: number;
}

/** There is no startup probe any more, and the liveness probe gives up before the program listens. */
export function livenessTooEager(of: DeploymentRef, patience: Patience): Fault {
  const { initialDelaySeconds, periodSeconds, failureThreshold } = patience;
  const givesUpAfter = initialDelaySeconds + periodSeconds * (failureThreshold - 1);
  return {
    name: 'liveness-too-eager',
    describe: `The startup probe of deployment/${of.name} was removed, and its liveness probe gives up ${givesUpAfter} s after the start of the container.`,
    inject: (lab) => patchContainer(lab, of, { startupProbe: null, livenessProbe: { ...patience } }),
  };
}

/** Another release runs. @param describe what is wrong with it, for the debrief */
export function release(of: DeploymentRef, image: string, describe: string): Fault {
  return {
    name: 'release',
    describe: `deployment/${of.name} was given the release ${image}: ${describe}`,
    inject: (lab) => patchContainer(lab, of, { image }),
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
