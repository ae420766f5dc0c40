import type {
  AnyObject,
  CronJob,
  Deployment,
  Labels,
  Namespace,
  Pod,
  PodSpec,
} from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import type { AdmissionAttributes, AdmissionPlugin, FieldProblem } from '../pipeline.ts';
import { invalid } from '../status.ts';
import { violationsOf, type Level, type Violation } from './pod-security-checks.ts';
import { refusal } from './refuse.ts';

const PREFIX = 'pod-security.kubernetes.io/';
const LEVELS: readonly string[] = ['privileged', 'baseline', 'restricted'];

interface Policy {
  readonly level: Level;
  /** As messages name it: `restricted:latest`. */
  readonly text: string;
}

/** https://kubernetes.io/docs/concepts/security/pod-security-admission/ */
export const podSecurity: AdmissionPlugin = {
  name: 'PodSecurity',
  validate(attributes) {
    const { operation, resource, subresource } = attributes;
    if (operation !== 'CREATE' && operation !== 'UPDATE') return;
    if (resource.id === 'namespaces' && subresource === undefined) checkNamespace(attributes);
    else if (resource.id === 'pods') checkPod(attributes);
    else if (subresource === undefined) checkTemplate(attributes);
  },
};

function labelsOf({ api, namespace }: AdmissionAttributes): Labels {
  if (namespace === undefined) return {};
  return api.get(resources.namespaces, undefined, namespace)?.metadata.labels ?? {};
}

/** Warnings follow the enforced level where the namespace names none for them. */
function policyOf(labels: Labels, mode: 'enforce' | 'warn'): Policy | undefined {
  const key = mode === 'warn' && labels[`${PREFIX}warn`] === undefined ? 'enforce' : mode;
  const level = labels[PREFIX + key];
  if (level !== 'baseline' && level !== 'restricted') return undefined;
  return { level, text: `${level}:${labels[`${PREFIX}${key}-version`] ?? 'latest'}` };
}

function checkPod(attributes: AdmissionAttributes): void {
  const { subresource, operation } = attributes;
  if (subresource !== undefined && subresource !== 'ephemeralcontainers') return;
  const labels = labelsOf(attributes);
  const enforced = policyOf(labels, 'enforce');
  const warned = policyOf(labels, 'warn');
  if (enforced === undefined && warned === undefined) return;
  const pod = attributes.object as unknown as Pod;
  if (
    operation === 'UPDATE' &&
    subresource === undefined &&
    keepsImages(pod, attributes.old as unknown as Pod)
  ) {
    return;
  }
  if (enforced !== undefined) {
    const violations = violationsOf(enforced.level, pod.spec);
    if (violations.length > 0) {
      throw refusal(attributes, `violates PodSecurity "${enforced.text}": ${textOf(violations)}`);
    }
  }
  if (warned !== undefined) warn(attributes, warned, pod.spec);
}

/** Nothing else that an update may change makes a pod less secure. */
function keepsImages(pod: Pod, old: Pod): boolean {
  const images = ({ spec }: Pod): string =>
    [...spec.containers, ...(spec.initContainers ?? [])].map(({ image }) => image).join('\n');
  return images(pod) === images(old);
}

function checkTemplate(attributes: AdmissionAttributes): void {
  const spec = templateOf(attributes.resource.id, attributes.object);
  if (spec === undefined) return;
  const policy = policyOf(labelsOf(attributes), 'warn');
  if (policy !== undefined) warn(attributes, policy, spec);
}

function templateOf(id: string, object: AnyObject | undefined): PodSpec | undefined {
  switch (id) {
    case 'replicationcontrollers':
    case 'deployments.apps':
    case 'replicasets.apps':
    case 'statefulsets.apps':
    case 'daemonsets.apps':
    case 'jobs.batch':
      return (object as unknown as Deployment).spec.template.spec;
    case 'cronjobs.batch':
      return (object as unknown as CronJob).spec.jobTemplate.spec.template.spec;
    default:
      return undefined;
  }
}

function warn(attributes: AdmissionAttributes, policy: Policy, spec: PodSpec): void {
  const violations = violationsOf(policy.level, spec);
  if (violations.length > 0)
    attributes.warn(`would violate PodSecurity "${policy.text}": ${textOf(violations)}`);
}

function textOf(violations: readonly Violation[]): string {
  return violations
    .map(({ reason, detail }) => (detail === '' ? reason : `${reason} (${detail})`))
    .join(', ');
}

function checkNamespace(attributes: AdmissionAttributes): void {
  const namespace = attributes.object as unknown as Namespace;
  const labels = namespace.metadata.labels ?? {};
  const problems = labelProblems(labels);
  if (problems.length > 0) throw invalid(attributes.resource, attributes.name, problems);
  if (attributes.operation === 'UPDATE') warnOfExistingPods(attributes, labels);
}

function labelProblems(labels: Labels): FieldProblem[] {
  const problems: FieldProblem[] = [];
  for (const mode of ['enforce', 'audit', 'warn']) {
    const level = labels[PREFIX + mode];
    const version = labels[`${PREFIX}${mode}-version`];
    if (level !== undefined && !LEVELS.includes(level)) {
      problems.push(labelProblem(PREFIX + mode, level, `must be one of ${LEVELS.join(', ')}`));
    }
    if (version !== undefined && !/^(latest|v1\.(0|[1-9]\d*))$/.test(version)) {
      problems.push(labelProblem(`${PREFIX}${mode}-version`, version, 'must be "latest" or "v1.x"'));
    }
  }
  return problems;
}

function labelProblem(key: string, value: string, rule: string): FieldProblem {
  return {
    type: 'FieldValueInvalid',
    field: `metadata.labels[${key}]`,
    detail: `Invalid value: ${JSON.stringify(value)}: ${rule}`,
  };
}

/** A level that becomes stricter says which pods it would refuse now. */
function warnOfExistingPods(attributes: AdmissionAttributes, labels: Labels): void {
  const policy = policyOf(labels, 'enforce');
  const before = policyOf(attributes.old?.metadata.labels ?? {}, 'enforce');
  if (policy === undefined || policy.text === before?.text || before?.level === 'restricted') return;
  const groups = new Map<string, string[]>();
  for (const pod of attributes.api.list(resources.pods, { namespace: attributes.name })) {
    const reasons = violationsOf(policy.level, pod.spec).map(({ reason }) => reason);
    if (reasons.length === 0) continue;
    const names = groups.get(reasons.join(', ')) ?? [];
    groups.set(reasons.join(', '), [...names, pod.metadata.name]);
  }
  if (groups.size === 0) return;
  attributes.warn(
    `existing pods in namespace "${attributes.name}" violate the new PodSecurity enforce level "${policy.text}"`,
  );
  for (const [reasons, [first = '', ...others]] of groups) {
    const more =
      others.length === 0 ? '' : ` (and ${others.length} other pod${others.length === 1 ? '' : 's'})`;
    attributes.warn(`${first}${more}: ${reasons}`);
  }
}
