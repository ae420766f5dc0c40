import type { Container, ContainerPort, PodSpec } from '../../../model/objects.ts';
import type { Draft } from '../defaults/draft.ts';
import { checkContainerResources, checkResizePolicy } from './container-resources.ts';
import { checkEnvironment, checkEnvironmentSources } from './environment.ts';
import { labelProblems, portNameProblems } from './formats.ts';
import { checkLifeOf } from './handlers.ts';
import type { Problems } from './problems.ts';
import { checkContainerSecurity } from './security.ts';
import { checkMounts } from './volumes.ts';

/** Of a container; a pod lists them in another order. */
const RESTART_POLICIES = ['Always', 'Never', 'OnFailure'];
const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never'];
const MESSAGE_POLICIES = ['File', 'FallbackToLogsOnError'];
const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
/** What a container may not have that is added to a running pod. */
const NOT_EPHEMERAL = [
  'ports',
  'resources',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
] as const;

/** All containers of a pod. */
export function checkContainers(
  problems: Problems,
  field: string,
  spec: Draft<PodSpec>,
  volumes: ReadonlySet<string>,
): void {
  const gracePeriod = spec.terminationGracePeriodSeconds ?? 0;
  const names = new Set<string>();
  const containers = spec.containers ?? [];
  if (containers.length === 0) problems.required(`${field}.containers`);
  containers.forEach((container, index) => {
    const at = `${field}.containers[${index}]`;
    checkContainer(problems, at, container, spec, volumes);
    checkName(problems, at, container, names);
    checkLifeOf(problems, at, container, gracePeriod);
    problems.oneOf(`${at}.restartPolicy`, container.restartPolicy, RESTART_POLICIES);
  });
  checkHostPorts(problems, `${field}.containers`, containers);
  (spec.initContainers ?? []).forEach((container, index) => {
    const at = `${field}.initContainers[${index}]`;
    checkContainer(problems, at, container, spec, volumes);
    checkName(problems, at, container, names);
    checkHostPorts(problems, `${field}.initContainers`, [container]);
    if (container.restartPolicy === 'Always') checkLifeOf(problems, at, container, gracePeriod);
    else checkHasNoLife(problems, at, container);
    problems.oneOf(`${at}.restartPolicy`, container.restartPolicy, RESTART_POLICIES);
  });
}

/** An ephemeral container is checked like others when it is added. */
export function checkEphemeralContainers(
  problems: Problems,
  field: string,
  spec: Draft<PodSpec>,
  volumes: ReadonlySet<string>,
): void {
  const others = [...(spec.containers ?? []), ...(spec.initContainers ?? [])].map(({ name }) => name ?? '');
  const names = new Set(others);
  (spec.ephemeralContainers ?? []).forEach((container, index) => {
    const at = `${field}.ephemeralContainers[${index}]`;
    checkContainer(problems, at, container, spec, volumes);
    checkName(problems, at, container, names);
    const target = container.targetContainerName ?? '';
    if (target !== '' && !others.includes(target)) problems.notFound(`${at}.targetContainerName`, target);
    for (const kind of NOT_EPHEMERAL) {
      // Resources are there, empty, in every container.
      if (container[kind] !== undefined && Object.keys(container[kind]).length > 0)
        problems.forbidden(`${at}.${kind}`, 'cannot be set for an Ephemeral Container');
    }
  });
}

function checkName(
  problems: Problems,
  field: string,
  { name = '' }: Draft<Container>,
  names: Set<string>,
): void {
  if (names.has(name)) problems.duplicate(`${field}.name`, name);
  names.add(name);
}

function checkHasNoLife(problems: Problems, field: string, container: Draft<Container>): void {
  for (const kind of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
    if (container[kind] === undefined) continue;
    problems.forbidden(`${field}.${kind}`, 'may not be set for init containers without restartPolicy=Always');
  }
}

function checkContainer(
  problems: Problems,
  field: string,
  container: Draft<Container>,
  spec: Draft<PodSpec>,
  volumes: ReadonlySet<string>,
): void {
  const { name = '', image = '' } = container;
  if (name === '') problems.required(`${field}.name`);
  else problems.invalidFor(`${field}.name`, name, labelProblems(name));
  if (image === '') problems.required(`${field}.image`);
  problems.oneOf(`${field}.terminationMessagePolicy`, container.terminationMessagePolicy, MESSAGE_POLICIES);
  checkPorts(problems, `${field}.ports`, container.ports ?? []);
  checkEnvironment(problems, `${field}.env`, container.env ?? []);
  checkEnvironmentSources(problems, `${field}.envFrom`, container.envFrom ?? []);
  checkMounts(problems, `${field}.volumeMounts`, container, volumes);
  problems.oneOf(`${field}.imagePullPolicy`, container.imagePullPolicy, PULL_POLICIES);
  checkContainerResources(problems, `${field}.resources`, container.resources);
  checkResizePolicy(problems, `${field}.resizePolicy`, container, spec.restartPolicy);
  checkContainerSecurity(problems, `${field}.securityContext`, container.securityContext, spec);
}

/** Of pods alone: a template may have such names, whose pods are refused. */
export function checkImageNames(problems: Problems, field: string, spec: Draft<PodSpec>): void {
  for (const kind of ['containers', 'initContainers'] as const) {
    (spec[kind] ?? []).forEach(({ image = '' }, index) =>
      checkImage(problems, `${field}.${kind}[${index}].image`, image),
    );
  }
}

export function checkImage(problems: Problems, field: string, image: string): void {
  if (image !== image.trim()) problems.invalid(field, image, 'must not have leading or trailing whitespace');
}

function checkPorts(problems: Problems, field: string, ports: readonly Draft<ContainerPort>[]): void {
  const names = new Set<string>();
  ports.forEach(({ name = '', containerPort = 0, hostPort = 0, protocol }, index) => {
    const at = `${field}[${index}]`;
    if (name !== '') {
      const wrong = portNameProblems(name);
      problems.invalidFor(`${at}.name`, name, wrong);
      if (wrong.length === 0 && names.has(name)) problems.duplicate(`${at}.name`, name);
      names.add(name);
    }
    if (containerPort === 0) problems.required(`${at}.containerPort`);
    else problems.port(`${at}.containerPort`, containerPort);
    if (hostPort !== 0) problems.port(`${at}.hostPort`, hostPort);
    problems.oneOf(`${at}.protocol`, protocol, PROTOCOLS);
  });
}

function checkHostPorts(problems: Problems, field: string, containers: readonly Draft<Container>[]): void {
  const taken = new Set<string>();
  containers.forEach((container, index) => {
    (container.ports ?? []).forEach(({ hostPort = 0, hostIP = '', protocol = 'TCP' }, position) => {
      if (hostPort === 0) return;
      const which = `${protocol}/${hostIP}/${hostPort}`;
      if (taken.has(which)) problems.duplicate(`${field}[${index}].ports[${position}].hostPort`, which);
      taken.add(which);
    });
  });
}
