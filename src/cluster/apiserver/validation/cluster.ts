import { labelKeyProblems, labelValueProblems } from '../../../model/label-syntax.ts';
import type { ApiService, Event, Lease, Namespace, Node, PriorityClass } from '../../../model/objects.ts';
import type { Draft } from '../defaults/draft.ts';
import { networkProblems } from './formats.ts';
import { NO_FINALIZER, STANDARD_FINALIZERS } from './metadata.ts';
import { TAINT_EFFECTS } from './placement.ts';
import type { Problems } from './problems.ts';

export function checkNode(problems: Problems, { spec = {} }: Draft<Node>): void {
  const seen = new Set<string>();
  (spec.taints ?? []).forEach(({ key = '', value = '', effect }, index) => {
    const field = `metadata.taints[${index}]`;
    problems.invalidFor(`${field}.key`, key, labelKeyProblems(key));
    problems.invalidFor(`${field}.value`, value, labelValueProblems(value));
    const given: string = effect ?? '';
    if (given === '') problems.required(`${field}.effect`);
    else problems.oneOf(`${field}.effect`, given, TAINT_EFFECTS);
    const pair = `${key}:${given}`;
    if (seen.has(pair)) {
      const shown = { Key: key, Value: value, Effect: given, TimeAdded: null };
      problems.duplicate(field, shown, 'taints must be unique by key and effect pair');
    }
    seen.add(pair);
  });
  (spec.podCIDRs ?? []).forEach((cidr, index) => {
    problems.invalidFor(`spec.podCIDRs[${index}]`, cidr, networkProblems(cidr));
  });
}

const SYSTEM_CLASSES = new Map([
  ['system-cluster-critical', 2_000_000_000],
  ['system-node-critical', 2_000_001_000],
]);
const HIGHEST = 1_000_000_000;

/** https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/ */
export function checkPriorityClass(problems: Problems, priorityClass: Draft<PriorityClass>): void {
  const name = priorityClass.metadata?.name ?? '';
  const value = priorityClass.value ?? 0;
  if (name.startsWith('system-')) {
    if (SYSTEM_CLASSES.get(name) !== value) {
      const why = SYSTEM_CLASSES.has(name)
        ? `value of ${name} PriorityClass must be ${SYSTEM_CLASSES.get(name) ?? 0}`
        : `${name} is not a known system priority class`;
      problems.forbidden(
        'metadata.name',
        `priority class names with 'system-' prefix are reserved for system use only. error: ${why}`,
      );
    }
  } else if (value > HIGHEST) {
    problems.forbidden('value', `maximum allowed value of a user defined priority is ${HIGHEST}`);
  }
  problems.oneOf('preemptionPolicy', priorityClass.preemptionPolicy, ['PreemptLowerPriority', 'Never']);
}

export function checkPriorityClassUpdate(
  problems: Problems,
  priorityClass: PriorityClass,
  old: PriorityClass,
): void {
  if (priorityClass.value !== old.value) problems.forbidden('value', 'may not be changed in an update.');
  const policy = priorityClass.preemptionPolicy;
  problems.immutable('preemptionPolicy', policy, policy === old.preemptionPolicy);
}

export function checkLease(problems: Problems, { spec = {} }: Draft<Lease>): void {
  const { leaseDurationSeconds, leaseTransitions } = spec;
  if (leaseDurationSeconds !== undefined && leaseDurationSeconds <= 0) {
    problems.invalid('spec.leaseDurationSeconds', leaseDurationSeconds, 'must be greater than 0');
  }
  problems.notNegative('spec.leaseTransitions', leaseTransitions);
}

export function checkEvent(problems: Problems, event: Draft<Event>): void {
  const about = event.involvedObject?.namespace ?? '';
  const own = event.metadata?.namespace ?? '';
  if (about === '' ? own === 'default' : about === own) return;
  // Events about objects of the cluster are kept in the default namespace.
  problems.invalid('involvedObject.namespace', about, 'does not match event.namespace');
}

const MOST_GROUP_PRIORITY = 20_000;
const MOST_VERSION_PRIORITY = 1000;

/** https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/api-service-v1/ */
export function checkApiService(problems: Problems, { metadata, spec }: ApiService): void {
  const { group = '', version = '', groupPriorityMinimum: minimum, versionPriority, service } = spec;
  const name = `${version}.${group}`;
  if (metadata.name !== name)
    problems.invalid('metadata.name', metadata.name, `must be \`spec.version+"."+spec.group\`: "${name}"`);
  const priority = (field: string, value: number | undefined, most: number): void => {
    if (value === undefined || value <= 0 || value > most)
      problems.invalid(`spec.${field}`, value ?? 0, `must be positive and less than ${most}`);
  };
  priority('groupPriorityMinimum', minimum, MOST_GROUP_PRIORITY);
  priority('versionPriority', versionPriority, MOST_VERSION_PRIORITY);
  if (service === undefined || service === null) return;
  if ((service.namespace ?? '') === '') problems.required('spec.service.namespace');
  if ((service.name ?? '') === '') problems.required('spec.service.name');
}

/** What is to be done before a namespace is gone. */
export function checkNamespace(problems: Problems, { spec = {} }: Draft<Namespace>): void {
  for (const finalizer of spec.finalizers ?? []) {
    problems.invalidFor('spec.finalizers', finalizer, labelKeyProblems(finalizer));
    if (finalizer.includes('/') || STANDARD_FINALIZERS.has(finalizer)) continue;
    problems.invalid('spec.finalizers', finalizer, NO_FINALIZER);
  }
}
