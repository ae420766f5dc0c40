import { SAFE_SYSCTLS } from '../../../model/sysctls.ts';
import type { Container, PodSpec } from '../../../model/objects.ts';

/** https://kubernetes.io/docs/concepts/security/pod-security-standards/ */
export type Level = 'baseline' | 'restricted';

export interface Violation {
  readonly reason: string;
  readonly detail: string;
}

type Check = (spec: SecuredSpec) => Violation | undefined;

/** Fields that only this reads, beyond those of the object model. */
interface SecurityFields {
  seLinuxOptions?: { type?: string; user?: string; role?: string };
  windowsOptions?: { hostProcess?: boolean };
  appArmorProfile?: { type: string };
  procMount?: string;
}
type SecuredContainer = Container & { securityContext?: SecurityFields };
type SecuredSpec = Omit<PodSpec, 'containers' | 'initContainers'> & {
  containers: SecuredContainer[];
  initContainers?: SecuredContainer[];
  securityContext: SecurityFields;
  hostUsers?: boolean;
};

/** What a level holds against a pod, in the order in which Kubernetes lists it. */
export function violationsOf(level: Level, spec: PodSpec): Violation[] {
  const checks = level === 'baseline' ? baseline : restricted;
  return checks.map((check) => check(spec)).filter((violation) => violation !== undefined);
}

function containersOf(spec: SecuredSpec): readonly SecuredContainer[] {
  return [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])];
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ');
}

/** `container "a"`, `containers "a", "b"`. */
function named(what: string, names: readonly string[]): string {
  return `${what}${names.length === 1 ? '' : 's'} ${quoted(names)}`;
}

function namesOf(spec: SecuredSpec, isBad: (container: SecuredContainer) => boolean): string[] {
  return containersOf(spec)
    .filter(isBad)
    .map(({ name }) => name);
}

function sortedSet(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}

/** `pod`, `container "a"`, `pod and container "a"`; empty where nobody set it. */
function setters(podIsBad: boolean, containers: readonly string[]): string {
  const parts = podIsBad ? ['pod'] : [];
  if (containers.length > 0) parts.push(named('container', containers));
  return parts.join(' and ');
}

const appArmor: Check = (spec) => {
  const isForbidden = (type: string | undefined): type is string =>
    type !== undefined && type !== 'RuntimeDefault' && type !== 'Localhost';
  const bad = namesOf(spec, ({ securityContext }) => isForbidden(securityContext?.appArmorProfile?.type));
  const who = setters(isForbidden(spec.securityContext.appArmorProfile?.type), bad);
  if (who === '') return undefined;
  const types = [
    spec.securityContext.appArmorProfile?.type,
    ...containersOf(spec).map(({ securityContext }) => securityContext?.appArmorProfile?.type),
  ].filter(isForbidden);
  const plural = sortedSet(types).length === 1 ? '' : 's';
  return {
    reason: `forbidden AppArmor profile${plural}`,
    detail: `${who} must not set AppArmor profile type to ${quoted(sortedSet(types))}`,
  };
};

const DEFAULT_CAPABILITIES = new Set(
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(
    ' ',
  ),
);

function forbiddenCapabilities(
  spec: SecuredSpec,
  allowed: ReadonlySet<string>,
): { who: string[]; what: string[] } {
  const added = (container: SecuredContainer): string[] =>
    (container.securityContext?.capabilities?.add ?? []).filter((capability) => !allowed.has(capability));
  return {
    who: namesOf(spec, (container) => added(container).length > 0),
    what: sortedSet(containersOf(spec).flatMap(added)),
  };
}

const defaultCapabilities: Check = (spec) => {
  const { who, what } = forbiddenCapabilities(spec, DEFAULT_CAPABILITIES);
  if (who.length === 0) return undefined;
  return {
    reason: 'non-default capabilities',
    detail: `${named('container', who)} must not include ${quoted(what)} in securityContext.capabilities.add`,
  };
};

const hostNamespaces: Check = (spec) => {
  const set = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((field) => spec[field] === true);
  if (set.length === 0) return undefined;
  return { reason: 'host namespaces', detail: set.map((field) => `${field}=true`).join(', ') };
};

const hostPathVolumes: Check = (spec) => {
  const names = (spec.volumes ?? []).filter(({ hostPath }) => hostPath !== undefined).map(({ name }) => name);
  return names.length === 0 ? undefined : { reason: 'hostPath volumes', detail: named('volume', names) };
};

const hostPorts: Check = (spec) => {
  const portsOf = ({ ports }: Container): number[] =>
    (ports ?? []).flatMap(({ hostPort }) => (hostPort === undefined || hostPort === 0 ? [] : [hostPort]));
  const who = namesOf(spec, (container) => portsOf(container).length > 0);
  if (who.length === 0) return undefined;
  const ports = sortedSet(containersOf(spec).flatMap(portsOf).map(String));
  const use = who.length === 1 ? 'uses' : 'use';
  return {
    reason: 'hostPort',
    detail: `${named('container', who)} ${use} hostPort${ports.length === 1 ? '' : 's'} ${ports.join(', ')}`,
  };
};

const hostsOfHandlers: Check = (spec) => {
  const hostsOf = ({ livenessProbe, readinessProbe, startupProbe, lifecycle }: Container): string[] =>
    [livenessProbe, readinessProbe, startupProbe, lifecycle?.postStart, lifecycle?.preStop]
      .flatMap((handler) => [handler?.httpGet?.host, handler?.tcpSocket?.host])
      .filter(
        (host) => host !== undefined && host !== '' && host !== '127.0.0.1' && host !== '::1',
      ) as string[];
  const who = namesOf(spec, (container) => hostsOf(container).length > 0);
  if (who.length === 0) return undefined;
  const hosts = sortedSet(containersOf(spec).flatMap(hostsOf));
  const use = who.length === 1 ? 'uses' : 'use';
  return {
    reason: 'probe or lifecycle host',
    detail: `${named('container', who)} ${use} probe or lifecycle host${hosts.length === 1 ? '' : 's'} ${quoted(hosts)}`,
  };
};

const privileged: Check = (spec) => {
  const who = namesOf(spec, ({ securityContext }) => securityContext?.privileged === true);
  if (who.length === 0) return undefined;
  return {
    reason: 'privileged',
    detail: `${named('container', who)} must not set securityContext.privileged=true`,
  };
};

const procMount: Check = (spec) => {
  if (spec.hostUsers === false) return undefined;
  const mountOf = ({ securityContext }: SecuredContainer): string => securityContext?.procMount ?? 'Default';
  const who = namesOf(spec, (container) => mountOf(container) !== 'Default');
  if (who.length === 0) return undefined;
  const what = sortedSet(
    containersOf(spec)
      .map(mountOf)
      .filter((mount) => mount !== 'Default'),
  );
  return {
    reason: 'procMount',
    detail: `${named('container', who)} must not set securityContext.procMount to ${quoted(what)}`,
  };
};

const SELINUX_TYPES = new Set([
  '',
  'container_t',
  'container_init_t',
  'container_kvm_t',
  'container_engine_t',
]);

const seLinux: Check = (spec) => {
  type Options = SecurityFields['seLinuxOptions'];
  const isBad = (options: Options): boolean =>
    options !== undefined &&
    (!SELINUX_TYPES.has(options.type ?? '') || (options.user ?? '') !== '' || (options.role ?? '') !== '');
  const all = [
    spec.securityContext.seLinuxOptions,
    ...containersOf(spec).map(({ securityContext }) => securityContext?.seLinuxOptions),
  ];
  const who = setters(
    isBad(spec.securityContext.seLinuxOptions),
    namesOf(spec, ({ securityContext }) => isBad(securityContext?.seLinuxOptions)),
  );
  if (who === '') return undefined;
  const types = sortedSet(
    all.map((options) => options?.type ?? '').filter((type) => !SELINUX_TYPES.has(type)),
  );
  const causes = types.length === 0 ? [] : [named('type', types)];
  if (all.some((options) => (options?.user ?? '') !== '')) causes.push('user may not be set');
  if (all.some((options) => (options?.role ?? '') !== '')) causes.push('role may not be set');
  return {
    reason: 'seLinuxOptions',
    detail: `${who} set forbidden securityContext.seLinuxOptions: ${causes.join('; ')}`,
  };
};

function unconfined(spec: SecuredSpec): Violation | undefined {
  const isBad = (type: string | undefined): type is string =>
    type !== undefined && type !== 'RuntimeDefault' && type !== 'Localhost';
  const types = [
    spec.securityContext.seccompProfile?.type,
    ...containersOf(spec).map(({ securityContext }) => securityContext?.seccompProfile?.type),
  ].filter(isBad);
  if (types.length === 0) return undefined;
  const who = setters(
    isBad(spec.securityContext.seccompProfile?.type),
    namesOf(spec, ({ securityContext }) => isBad(securityContext?.seccompProfile?.type)),
  );
  return {
    reason: 'seccompProfile',
    detail: `${who} must not set securityContext.seccompProfile.type to ${quoted(sortedSet(types))}`,
  };
}

const sysctls: Check = (spec) => {
  const bad = (spec.securityContext.sysctls ?? [])
    .map(({ name }) => name)
    .filter((name) => !SAFE_SYSCTLS.has(name));
  return bad.length === 0 ? undefined : { reason: 'forbidden sysctls', detail: bad.join(', ') };
};

const hostProcess: Check = (spec) => {
  const isBad = (context: SecurityFields | undefined): boolean =>
    context?.windowsOptions?.hostProcess === true;
  const who = setters(
    isBad(spec.securityContext),
    namesOf(spec, ({ securityContext }) => isBad(securityContext)),
  );
  if (who === '') return undefined;
  return {
    reason: 'hostProcess',
    detail: `${who} must not set securityContext.windowsOptions.hostProcess=true`,
  };
};

const noEscalation: Check = (spec) => {
  const who = namesOf(spec, ({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false);
  if (who.length === 0) return undefined;
  return {
    reason: 'allowPrivilegeEscalation != false',
    detail: `${named('container', who)} must set securityContext.allowPrivilegeEscalation=false`,
  };
};

const dropsAllCapabilities: Check = (spec) => {
  const keeping = namesOf(
    spec,
    ({ securityContext }) => securityContext?.capabilities?.drop?.includes('ALL') !== true,
  );
  const { who, what } = forbiddenCapabilities(spec, new Set(['NET_BIND_SERVICE']));
  const details: string[] = [];
  if (keeping.length > 0) {
    details.push(`${named('container', keeping)} must set securityContext.capabilities.drop=["ALL"]`);
  }
  if (who.length > 0) {
    details.push(
      `${named('container', who)} must not include ${quoted(what)} in securityContext.capabilities.add`,
    );
  }
  return details.length === 0
    ? undefined
    : { reason: 'unrestricted capabilities', detail: details.join('; ') };
};

const ALLOWED_VOLUMES = new Set(
  'name configMap csi downwardAPI emptyDir ephemeral image persistentVolumeClaim projected secret'.split(' '),
);

const volumeTypes: Check = (spec) => {
  const typesOf = (volume: object): string[] =>
    Object.keys(volume).filter((type) => !ALLOWED_VOLUMES.has(type));
  const bad = (spec.volumes ?? []).filter((volume) => typesOf(volume).length > 0);
  if (bad.length === 0) return undefined;
  const types = sortedSet(bad.flatMap(typesOf));
  const use = bad.length === 1 ? 'uses' : 'use';
  return {
    reason: 'restricted volume types',
    detail: `${named(
      'volume',
      bad.map(({ name }) => name),
    )} ${use} ${named('restricted volume type', types)}`,
  };
};

const runsAsNonRoot: Check = (spec) => {
  if (spec.hostUsers === false) return undefined;
  const pod = spec.securityContext.runAsNonRoot;
  const explicit = setters(
    pod === false,
    namesOf(spec, ({ securityContext }) => securityContext?.runAsNonRoot === false),
  );
  const reason = 'runAsNonRoot != true';
  if (explicit !== '')
    return { reason, detail: `${explicit} must not set securityContext.runAsNonRoot=false` };
  const silent = namesOf(spec, ({ securityContext }) => securityContext?.runAsNonRoot === undefined);
  if (pod === true || silent.length === 0) return undefined;
  return {
    reason,
    detail: `pod or ${named('container', silent)} must set securityContext.runAsNonRoot=true`,
  };
};

const runsAsUser: Check = (spec) => {
  if (spec.hostUsers === false) return undefined;
  const who = setters(
    spec.securityContext.runAsUser === 0,
    namesOf(spec, ({ securityContext }) => securityContext?.runAsUser === 0),
  );
  return who === '' ? undefined : { reason: 'runAsUser=0', detail: `${who} must not set runAsUser=0` };
};

const confined: Check = (spec) => {
  const explicit = unconfined(spec);
  if (explicit !== undefined || spec.securityContext.seccompProfile !== undefined) return explicit;
  const silent = namesOf(spec, ({ securityContext }) => securityContext?.seccompProfile === undefined);
  if (silent.length === 0) return undefined;
  return {
    reason: 'seccompProfile',
    detail: `pod or ${named('container', silent)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
  };
};

const shared: readonly Check[] = [
  hostNamespaces,
  hostPathVolumes,
  hostPorts,
  hostsOfHandlers,
  privileged,
  procMount,
  seLinux,
];
const baseline: readonly Check[] = [
  appArmor,
  defaultCapabilities,
  ...shared,
  unconfined,
  sysctls,
  hostProcess,
];
/** The baseline without what the stricter level says more strictly, then its own. */
const restricted: readonly Check[] = [
  appArmor,
  ...shared.filter((check) => check !== hostPathVolumes),
  sysctls,
  hostProcess,
  noEscalation,
  dropsAllCapabilities,
  volumeTypes,
  runsAsNonRoot,
  runsAsUser,
  confined,
];
