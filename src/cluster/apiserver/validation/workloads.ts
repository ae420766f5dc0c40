import { equal } from '../../../core/json.ts';
import { matchesSelector } from '../../../model/selector.ts';
import type {
  ControllerRevision,
  DaemonSet,
  Deployment,
  Labels,
  LabelSelector,
  PodTemplate,
  ReplicaSet,
  ReplicationController,
  StatefulSet,
} from '../../../model/objects.ts';
import type { Draft } from '../defaults/draft.ts';
import { labelProblems } from './formats.ts';
import { checkTemplate } from './pod.ts';
import type { Problems } from './problems.ts';
import { checkSelector, isUsable, writtenLabels, writtenSelector } from './selectors.ts';
import { checkClaimSpec } from './claim-spec.ts';

const LABELS_DIFFER = '`selector` does not match template `labels`';

/**
 * The selector of something that makes pods, and its template, which must make pods that it selects and that are
 * restarted for ever.
 * @param what how messages name it, e.g. `deployment`
 */
function checkPods(
  problems: Problems,
  spec: { selector?: Draft<LabelSelector> | undefined; template?: Draft<PodTemplate> | undefined },
  what: 'deployment' | 'statefulset' | 'daemonset',
  claims: readonly string[] = [],
): void {
  const selector = spec.selector as LabelSelector | undefined;
  const template = spec.template ?? {};
  if (selector === undefined) {
    if (what !== 'daemonset') problems.required('spec.selector');
  } else {
    checkSelector(problems, 'spec.selector', selector);
    if (isEmpty(selector))
      problems.invalid('spec.selector', selector, `empty selector is invalid for ${what}`);
    if (!isUsable(selector)) {
      const why = what === 'deployment' ? 'invalid label selector' : '';
      problems.invalid('spec.selector', writtenSelector(selector), why);
      return;
    }
  }
  const labels = template.metadata?.labels as Labels | undefined;
  if (selector === undefined || (!isEmpty(selector) && !matchesSelector(selector, labels))) {
    problems.invalid('spec.template.metadata.labels', labels && writtenLabels(labels), LABELS_DIFFER);
  }
  checkTemplate(problems, 'spec.template', template, claims);
  const { restartPolicy, activeDeadlineSeconds } = template.spec ?? {};
  problems.oneOf('spec.template.spec.restartPolicy', restartPolicy, ['Always']);
  if (activeDeadlineSeconds === undefined) return;
  const kind = { deployment: 'ReplicaSet', statefulset: 'StatefulSet', daemonset: 'DaemonSet' }[what];
  const why = `activeDeadlineSeconds in ${kind} is not Supported`;
  problems.forbidden('spec.template.spec.activeDeadlineSeconds', why);
}

function isEmpty({ matchLabels = {}, matchExpressions = [] }: LabelSelector): boolean {
  return Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;
}

export function checkDeployment(problems: Problems, { spec = {} }: Draft<Deployment>): void {
  problems.notNegative('spec.replicas', spec.replicas);
  checkPods(problems, spec, 'deployment');
  checkStrategy(problems, spec.strategy ?? {});
  problems.notNegative('spec.minReadySeconds', spec.minReadySeconds);
  problems.notNegative('spec.revisionHistoryLimit', spec.revisionHistoryLimit);
  const { progressDeadlineSeconds, minReadySeconds = 0 } = spec;
  if (progressDeadlineSeconds === undefined) return;
  problems.notNegative('spec.progressDeadlineSeconds', progressDeadlineSeconds);
  if (progressDeadlineSeconds <= minReadySeconds) {
    problems.invalid(
      'spec.progressDeadlineSeconds',
      progressDeadlineSeconds,
      'must be greater than minReadySeconds',
    );
  }
}

function checkStrategy(problems: Problems, strategy: Draft<Deployment['spec']['strategy']>): void {
  const type: string | undefined = strategy.type;
  const rollingUpdate = strategy.rollingUpdate;
  const field = 'spec.strategy.rollingUpdate';
  if (type === 'Recreate') {
    if (rollingUpdate !== undefined) {
      problems.forbidden(field, "may not be specified when strategy `type` is 'Recreate'");
    }
  } else if (type !== 'RollingUpdate') {
    problems.unsupported('spec.strategy', goStrategy(type, rollingUpdate), ['Recreate', 'RollingUpdate']);
  } else checkRollingUpdate(problems, field, rollingUpdate ?? {});
}

interface Budget {
  maxUnavailable?: number | string | undefined;
  maxSurge?: number | string | undefined;
}

function checkRollingUpdate(
  problems: Problems,
  field: string,
  { maxUnavailable = 0, maxSurge = 0 }: Budget,
): void {
  checkCountOrPercent(problems, `${field}.maxUnavailable`, maxUnavailable);
  checkCountOrPercent(problems, `${field}.maxSurge`, maxSurge);
  if (isZero(maxUnavailable) && isZero(maxSurge)) {
    problems.invalid(`${field}.maxUnavailable`, maxUnavailable, 'may not be 0 when `maxSurge` is 0');
  }
  checkAtMostAll(problems, `${field}.maxUnavailable`, maxUnavailable);
}

/** A number of pods or a percentage. */
export function checkCountOrPercent(problems: Problems, field: string, value: number | string): void {
  if (typeof value === 'number') problems.notNegative(field, value);
  else if (!/^[0-9]+%$/.test(value)) {
    const why = `a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')`;
    problems.invalid(field, value, why);
  }
}

export function checkAtMostAll(problems: Problems, field: string, value: number | string): void {
  if (typeof value !== 'string' || !/^[0-9]+%$/.test(value) || Number.parseInt(value) <= 100) return;
  problems.invalid(field, value, 'must not be greater than 100%');
}

function isZero(value: number | string): boolean {
  return value === 0 || (typeof value === 'string' && /^0+%$/.test(value));
}

/** A strategy as the API server's own structure prints itself. */
function goStrategy(type: string | undefined, rollingUpdate: Budget | undefined): object {
  return {
    Type: type ?? '',
    RollingUpdate:
      rollingUpdate === undefined
        ? null
        : { MaxUnavailable: rollingUpdate.maxUnavailable ?? 0, MaxSurge: rollingUpdate.maxSurge ?? 0 },
  };
}

export function checkReplicaSet(problems: Problems, { spec = {} }: Draft<ReplicaSet>): void {
  problems.notNegative('spec.replicas', spec.replicas);
  problems.notNegative('spec.minReadySeconds', spec.minReadySeconds);
  checkPods(problems, spec, 'deployment');
}

/** Its selector is a map of labels, which the template must have. */
export function checkReplicationController(
  problems: Problems,
  { spec = {} }: Draft<ReplicationController>,
): void {
  problems.notNegative('spec.replicas', spec.replicas);
  problems.notNegative('spec.minReadySeconds', spec.minReadySeconds);
  const selector = spec.selector as Labels | undefined;
  if (selector === undefined || Object.keys(selector).length === 0) {
    problems.required('spec.selector');
    checkPods(problems, { ...spec, selector: {} }, 'deployment');
    return;
  }
  checkPods(problems, { ...spec, selector: { matchLabels: selector } }, 'deployment');
}

/**
 * A controller whose selector cannot change.
 * @param options `first`: that it has changed is told before all else
 */
export function checkFixedSelector(
  check: (problems: Problems, object: Draft<Deployment & ReplicaSet & DaemonSet>) => void,
  { first = false } = {},
) {
  return (problems: Problems, object: Deployment & ReplicaSet & DaemonSet, old: Deployment): void => {
    // Drafts may come without one.
    const selector = object.spec.selector as LabelSelector | undefined;
    const shown = selector && writtenSelector(selector);
    const fixed = (): void => problems.immutable('spec.selector', shown, equal(selector, old.spec.selector));
    if (first) fixed();
    check(problems, object);
    if (!first) fixed();
  };
}

export function checkStatefulSet(problems: Problems, { spec = {} }: Draft<StatefulSet>): void {
  const policy: string | undefined = spec.podManagementPolicy;
  if (policy !== 'OrderedReady' && policy !== 'Parallel') {
    problems.invalid('spec.podManagementPolicy', policy, "must be 'OrderedReady' or 'Parallel'");
  }
  checkStatefulStrategy(problems, spec.updateStrategy ?? {});
  const { whenDeleted, whenScaled } = spec.persistentVolumeClaimRetentionPolicy ?? {};
  const retention = 'spec.persistentVolumeClaimRetentionPolicy';
  problems.oneOf(`${retention}.whenDeleted`, whenDeleted, ['Retain', 'Delete']);
  problems.oneOf(`${retention}.whenScaled`, whenScaled, ['Retain', 'Delete']);
  const claims = spec.volumeClaimTemplates ?? [];
  claims.forEach((claim, index) => {
    checkClaimSpec(problems, `spec.volumeClaimTemplates[${index}].spec`, claim.spec ?? {});
  });
  problems.notNegative('spec.replicas', spec.replicas);
  problems.notNegative('spec.minReadySeconds', spec.minReadySeconds);
  problems.notNegative('spec.ordinals.start', spec.ordinals?.start);
  const { serviceName = '' } = spec;
  if (serviceName !== '') problems.invalidFor('spec.serviceName', serviceName, labelProblems(serviceName));
  const names = claims.map((claim) => claim.metadata?.name ?? '');
  checkPods(problems, spec, 'statefulset', names);
}

function checkStatefulStrategy(
  problems: Problems,
  strategy: Draft<StatefulSet['spec']['updateStrategy']>,
): void {
  const type: string | undefined = strategy.type;
  const rollingUpdate = strategy.rollingUpdate;
  const shown =
    rollingUpdate === undefined
      ? null
      : { Partition: rollingUpdate.partition ?? 0, MaxUnavailable: rollingUpdate.maxUnavailable ?? null };
  if (type === 'RollingUpdate') {
    problems.notNegative('spec.updateStrategy.rollingUpdate.partition', rollingUpdate?.partition);
  } else if (type !== 'OnDelete') {
    const value = { Type: type ?? '', RollingUpdate: shown };
    problems.invalid('spec.updateStrategy', value, "must be 'RollingUpdate' or 'OnDelete'");
  } else if (rollingUpdate !== undefined) {
    problems.invalid(
      'spec.updateStrategy.rollingUpdate',
      shown,
      "only allowed for updateStrategy 'RollingUpdate'",
    );
  }
}

const STATEFUL_CHANGES =
  "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";

export function checkStatefulSetUpdate(problems: Problems, set: StatefulSet, old: StatefulSet): void {
  checkStatefulSet(problems, set);
  if (!equal(fixedPartOf(set), fixedPartOf(old))) problems.forbidden('spec', STATEFUL_CHANGES);
}

function fixedPartOf({ spec }: StatefulSet): object {
  const {
    replicas: _1,
    ordinals: _2,
    template: _3,
    updateStrategy: _4,
    revisionHistoryLimit: _5,
    persistentVolumeClaimRetentionPolicy: _6,
    minReadySeconds: _7,
    ...rest
  } = spec;
  return rest;
}

export function checkDaemonSet(problems: Problems, { spec = {} }: Draft<DaemonSet>): void {
  checkPods(problems, spec, 'daemonset');
  problems.notNegative('spec.minReadySeconds', spec.minReadySeconds);
  const field = 'spec.updateStrategy';
  const { type, rollingUpdate } = spec.updateStrategy ?? {};
  if (type === 'RollingUpdate') checkDaemonUpdate(problems, `${field}.rollingUpdate`, rollingUpdate ?? {});
  else if (type !== 'OnDelete') {
    problems.unsupported(field, goStrategy(type, rollingUpdate), ['RollingUpdate', 'OnDelete']);
  }
  problems.notNegative('spec.revisionHistoryLimit', spec.revisionHistoryLimit);
}

/** One pod a node: it is either taken away before its successor, or after it. */
function checkDaemonUpdate(
  problems: Problems,
  field: string,
  { maxUnavailable = 0, maxSurge = 0 }: Budget,
): void {
  checkCountOrPercent(problems, `${field}.maxUnavailable`, maxUnavailable);
  checkCountOrPercent(problems, `${field}.maxSurge`, maxSurge);
  checkAtMostAll(problems, `${field}.maxUnavailable`, maxUnavailable);
  checkAtMostAll(problems, `${field}.maxSurge`, maxSurge);
  if (!isZero(maxUnavailable) && !isZero(maxSurge)) {
    problems.invalid(`${field}.maxSurge`, maxSurge, 'may not be set when maxUnavailable is non-zero');
  } else if (isZero(maxUnavailable) && isZero(maxSurge)) {
    problems.required(`${field}.maxUnavailable`, 'cannot be 0 when maxSurge is 0');
  }
}

export function checkPodTemplate(
  problems: Problems,
  { template = {} }: { template?: Draft<PodTemplate> },
): void {
  checkTemplate(problems, 'template', template);
}

export function checkControllerRevision(
  problems: Problems,
  { revision, data }: Draft<ControllerRevision>,
): void {
  problems.notNegative('revision', revision);
  if (data === undefined) problems.required('data', 'data is mandatory');
}
