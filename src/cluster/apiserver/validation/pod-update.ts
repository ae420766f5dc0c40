import { equal } from '../../../core/json.ts';
import type { Container, Pod, PodSpec, ResourceRequirements, Toleration } from '../../../model/objects.ts';
import { qosClassOf } from '../defaults/initial-status.ts';
import type { Draft } from '../defaults/draft.ts';
import { checkImage } from './containers.ts';
import { EPHEMERAL_CONTAINER, goForm, podSpecForm } from './go-form.ts';
import { checkPodSpec } from './pod.ts';
import type { Problems } from './problems.ts';
import { writtenLabels } from './selectors.ts';
import { unifiedDiff } from './text-diff.ts';

const MIRROR_ANNOTATION = 'kubernetes.io/config.mirror';
const CHANGEABLE =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

/** What may change of a pod that exists: images, deadlines, more tolerations, and more while it is gated. */
export function checkPodUpdate(problems: Problems, pod: Pod, old: Pod): void {
  checkPodSpec(problems, 'spec', pod.spec);
  if (!keepsContainers(problems, 'containers', pod.spec.containers, old.spec.containers)) return;
  if (!keepsContainers(problems, 'initContainers', pod.spec.initContainers, old.spec.initContainers)) return;
  checkDeadline(problems, pod.spec.activeDeadlineSeconds, old.spec.activeDeadlineSeconds);
  checkGates(problems, pod.spec, old.spec);
  checkTolerations(problems, pod.spec.tolerations ?? [], old.spec.tolerations ?? []);
  const compared = withChangeable(pod.spec, old.spec);
  if (equal(compared, old.spec)) return;
  const difference = unifiedDiff(podSpecForm(old.spec), podSpecForm(compared));
  problems.forbidden('spec', `${CHANGEABLE}\n${difference}`);
}

function keepsContainers(
  problems: Problems,
  field: string,
  containers: readonly Container[] = [],
  old: readonly Container[] = [],
): boolean {
  if (containers.length !== old.length) {
    problems.forbidden(`spec.${field}`, 'pod updates may not add or remove containers');
    return false;
  }
  (containers as readonly Draft<Container>[]).forEach(({ image = '' }, index) => {
    const at = `spec.${field}[${index}].image`;
    if (image === '') problems.required(at);
    checkImage(problems, at, image);
  });
  return true;
}

function checkDeadline(problems: Problems, deadline: number | undefined, old: number | undefined): void {
  const field = 'spec.activeDeadlineSeconds';
  if (old === undefined) return;
  if (deadline === undefined) {
    problems.invalid(field, undefined, 'must not update from a positive integer to nil value');
  } else if (deadline > old)
    problems.invalid(field, deadline, 'must be less than or equal to previous value');
}

function checkGates(problems: Problems, spec: PodSpec, old: PodSpec): void {
  const before = new Set((old.schedulingGates ?? []).map(({ name }) => name));
  (spec.schedulingGates ?? []).forEach(({ name }, index) => {
    if (before.has(name)) return;
    const why = `only deletion is allowed, but found new scheduling gate '${name}'`;
    problems.forbidden(`spec.schedulingGates[${index}].name`, why);
  });
  if (before.size === 0 || equal(spec.nodeSelector, old.nodeSelector)) return;
  const lost = Object.entries(old.nodeSelector ?? {}).some(
    ([key, value]) => spec.nodeSelector?.[key] !== value,
  );
  if (!lost) return;
  const why = 'only additions to spec.nodeSelector are allowed (no mutations or deletions)';
  problems.invalid('spec.nodeSelector', writtenLabels(spec.nodeSelector ?? {}), why);
}

function checkTolerations(
  problems: Problems,
  tolerations: readonly Toleration[],
  old: readonly Toleration[],
): void {
  const plain = ({ tolerationSeconds: _, ...rest }: Toleration): object => rest;
  for (const toleration of old) {
    if (tolerations.some((other) => equal(plain(other), plain(toleration)))) continue;
    const why = 'existing toleration can not be modified except its tolerationSeconds';
    problems.forbidden('spec.tolerations', why);
    return;
  }
}

/** The new spec with everything that may differ set back to what it was. */
function withChangeable(spec: PodSpec, old: PodSpec): PodSpec {
  const isGated = (old.schedulingGates ?? []).length > 0;
  const result: PodSpec = {
    ...spec,
    containers: withImages(spec.containers, old.containers),
    terminationGracePeriodSeconds:
      old.terminationGracePeriodSeconds < 0 && spec.terminationGracePeriodSeconds === 1
        ? old.terminationGracePeriodSeconds
        : spec.terminationGracePeriodSeconds,
  };
  if (spec.initContainers !== undefined) {
    result.initContainers = withImages(spec.initContainers, old.initContainers ?? []);
  }
  take(result, old, 'activeDeadlineSeconds');
  take(result, old, 'tolerations');
  take(result, old, 'schedulingGates');
  if (isGated) {
    take(result, old, 'nodeSelector');
    take(result, old, 'affinity');
  }
  return result;
}

function withImages(containers: readonly Container[], old: readonly Container[]): Container[] {
  return containers.map((container, index) => ({
    ...container,
    image: old[index]?.image ?? container.image,
  }));
}

function take(target: PodSpec, source: PodSpec, field: keyof PodSpec): void {
  Reflect.deleteProperty(target, field);
  if (source[field] !== undefined) Object.assign(target, { [field]: source[field] });
}

/** The `resize` subresource: CPU and memory of containers, within the same quality of service. */
export function checkPodResize(problems: Problems, pod: Pod, old: Pod): void {
  checkPodSpec(problems, 'spec', pod.spec);
  if (old.metadata.annotations?.[MIRROR_ANNOTATION] !== undefined) {
    problems.forbidden('', 'static pods cannot be resized');
    return;
  }
  if (!checkSameContainers(problems, pod.spec, old.spec)) return;
  const before = old.status.qosClass ?? qosClassOf(old.spec);
  if (qosClassOf(pod.spec) !== before) {
    problems.invalid('spec', before, 'Pod QOS Class may not change as a result of resizing');
  }
  for (const kind of ['containers', 'initContainers'] as const) {
    (pod.spec[kind] ?? []).forEach((container, index) => {
      const field = `spec.${kind}[${index}].resources`;
      checkNothingRemoved(problems, field, container.resources, old.spec[kind]?.[index]?.resources ?? {});
    });
  }
  if (!equal(withOldResources(pod.spec, old.spec), old.spec)) {
    problems.forbidden('spec', 'only cpu and memory resources are mutable');
  }
}

/** @returns whether they are, so that the rest can be compared one by one */
function checkSameContainers(problems: Problems, spec: PodSpec, old: PodSpec): boolean {
  let same = true;
  const refuse = (field: string, what: string): void => {
    problems.forbidden(field, `containers may not be ${what} on resize`);
    same = false;
  };
  for (const kind of ['containers', 'initContainers'] as const) {
    const [now, before] = [spec[kind] ?? [], old[kind] ?? []];
    if (now.length !== before.length) refuse(`spec.${kind}`, 'added or removed');
    else {
      now.forEach(({ name }, index) => {
        if (name !== before[index]?.name) refuse(`spec.${kind}[${index}].name`, 'renamed or reordered');
      });
    }
  }
  return same;
}

function checkNothingRemoved(
  problems: Problems,
  field: string,
  resources: ResourceRequirements,
  old: ResourceRequirements,
): void {
  for (const which of ['limits', 'requests'] as const) {
    const lost = ['cpu', 'memory'].some(
      (name) => old[which]?.[name] !== undefined && resources[which]?.[name] === undefined,
    );
    if (lost) problems.forbidden(`${field}.${which}`, `resource ${which} cannot be removed`);
  }
}

function withOldResources(spec: PodSpec, old: PodSpec): PodSpec {
  const restored = (containers: readonly Container[], before: readonly Container[] = []): Container[] =>
    containers.map((container, index) => ({
      ...container,
      resources: withOldAmounts(container.resources, before[index]?.resources ?? {}),
    }));
  return {
    ...spec,
    containers: restored(spec.containers, old.containers),
    ...(spec.initContainers && { initContainers: restored(spec.initContainers, old.initContainers) }),
  };
}

function withOldAmounts(resources: ResourceRequirements, old: ResourceRequirements): ResourceRequirements {
  const result: ResourceRequirements = { ...resources };
  for (const which of ['limits', 'requests'] as const) {
    const { cpu: _cpu, memory: _memory, ...rest } = resources[which] ?? {};
    const kept = Object.entries(old[which] ?? {}).filter(([name]) => name === 'cpu' || name === 'memory');
    const list = { ...rest, ...Object.fromEntries(kept) };
    if (Object.keys(list).length > 0) result[which] = list;
    else Reflect.deleteProperty(result, which);
  }
  return result;
}

/** The `ephemeralcontainers` subresource: containers are added, never taken away or changed. */
export function checkEphemeralUpdate(problems: Problems, pod: Pod, old: Pod): void {
  checkPodSpec(problems, 'spec', pod.spec);
  for (const before of old.spec.ephemeralContainers ?? []) {
    const now = pod.spec.ephemeralContainers?.find(({ name }) => name === before.name);
    if (now === undefined) {
      problems.forbidden(
        'spec.ephemeralContainers',
        `existing ephemeral containers "${before.name}" may not be removed\n`,
      );
    } else if (!equal(now, before)) {
      const difference = unifiedDiff(goForm(EPHEMERAL_CONTAINER, before), goForm(EPHEMERAL_CONTAINER, now));
      problems.forbidden(
        'spec.ephemeralContainers',
        `existing ephemeral containers "${before.name}" may not be changed\n${difference}`,
      );
    }
  }
}
