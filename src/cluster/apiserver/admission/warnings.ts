import { equal } from '../../../core/json.ts';
import { parseQuantity } from '../../../model/quantity.ts';
import type {
  AnyObject,
  Container,
  CronJob,
  Deployment,
  EnvVar,
  PersistentVolumeClaim,
  Pod,
  PodSpec,
  ResourceList,
  Service,
  StatefulSet,
} from '../../../model/objects.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../pipeline.ts';

type Warn = (text: string) => void;

const NANOS = 10n ** 9n;
const DEPRECATED_LABELS: ReadonlyMap<string, readonly [since: string, instead: string]> = new Map([
  ['beta.kubernetes.io/arch', ['v1.14', 'kubernetes.io/arch']],
  ['beta.kubernetes.io/os', ['v1.14', 'kubernetes.io/os']],
  ['failure-domain.beta.kubernetes.io/region', ['v1.17', 'topology.kubernetes.io/region']],
  ['failure-domain.beta.kubernetes.io/zone', ['v1.17', 'topology.kubernetes.io/zone']],
  ['beta.kubernetes.io/instance-type', ['v1.17', 'node.kubernetes.io/instance-type']],
]);
/** Plugins that the kubelet has no more. */
const RETIRED_VOLUMES: Readonly<Record<string, string>> = {
  photonPersistentDisk: 'in v1.11, non-functional in v1.16+',
  gitRepo: 'in v1.11, and disabled by default in v1.33+',
  scaleIO: 'in v1.16, non-functional in v1.22+',
  flocker: 'in v1.22, non-functional in v1.25+',
  storageos: 'in v1.22, non-functional in v1.25+',
  quobyte: 'in v1.22, non-functional in v1.25+',
  glusterfs: 'in v1.25, non-functional in v1.26+',
  cephfs: 'in v1.28, non-functional in v1.31+',
  rbd: 'in v1.28, non-functional in v1.31+',
};
/** What a warning calls a source, where that is not its name. */
const SHOWN_AS: Readonly<Record<string, string>> = { storageos: 'storageOS' };
/** Where the pods are specified, for kinds that make pods. */
const TEMPLATES: Readonly<Record<string, string>> = {
  pods: 'spec',
  replicationcontrollers: 'spec.template.spec',
  'deployments.apps': 'spec.template.spec',
  'replicasets.apps': 'spec.template.spec',
  'statefulsets.apps': 'spec.template.spec',
  'daemonsets.apps': 'spec.template.spec',
  'jobs.batch': 'spec.template.spec',
  'cronjobs.batch': 'spec.jobTemplate.spec.template.spec',
};
const NAMES_OF_PODS = 'this is used in Pod names and hostnames, which can result in surprising behavior';
const DOTTED: Readonly<Record<string, string>> = {
  pods: "this is used in the Pod's hostname, which can result in surprising behavior",
  'deployments.apps': NAMES_OF_PODS,
  'replicasets.apps': NAMES_OF_PODS,
  'jobs.batch': NAMES_OF_PODS,
  'cronjobs.batch': NAMES_OF_PODS,
};

/**
 * The warnings with which the API server answers what is allowed but hardly meant. No plugin in Kubernetes, where
 * each kind warns by itself; kubectl prints them as `Warning: …`.
 * https://kubernetes.io/docs/reference/using-api/deprecation-policy/
 */
export const warnings: AdmissionPlugin = {
  name: 'Warnings',
  validate(attributes) {
    const { operation, resource, subresource, object } = attributes;
    if (object === undefined || subresource !== undefined) return;
    if (operation !== 'CREATE' && operation !== 'UPDATE') return;
    const warn: Warn = (text) => attributes.warn(text);
    const dotted = DOTTED[resource.id];
    if (operation === 'CREATE' && dotted !== undefined && object.metadata.name.includes('.')) {
      warn(`metadata.name: ${dotted}; a DNS label is recommended: [must not contain dots]`);
    }
    const path = TEMPLATES[resource.id];
    if (path !== undefined) warnOfTemplate(attributes, object, path, warn);
    kinds[resource.id]?.(object, warn);
  },
};

/** A change that leaves the pods as they are has nothing to warn of. */
function warnOfTemplate(
  { resource, old }: AdmissionAttributes,
  object: AnyObject,
  path: string,
  warn: Warn,
): void {
  const spec = podSpecOf(resource.id, object);
  if (old !== undefined && equal(podSpecOf(resource.id, old), spec)) return;
  warnOfPods(spec, path, warn);
}

function podSpecOf(id: string, object: AnyObject): PodSpec {
  if (id === 'pods') return (object as unknown as Pod).spec;
  if (id === 'cronjobs.batch') return (object as unknown as CronJob).spec.jobTemplate.spec.template.spec;
  return (object as unknown as Deployment).spec.template.spec;
}

interface CsiDriverSpec {
  readonly tokenRequests?: readonly object[];
  readonly serviceAccountTokenInSecrets?: boolean;
}
type ServiceSpec = Service['spec'] & {
  readonly trafficDistribution?: string;
  readonly loadBalancerIP?: string;
};

/** What a Service without an address asks for in vain. */
function warnOfHeadless(
  { loadBalancerIP = '', externalIPs = [], sessionAffinity }: ServiceSpec,
  warn: Warn,
): void {
  if (loadBalancerIP !== '') warn('spec.loadBalancerIP is ignored for headless services');
  if (externalIPs.length > 0) warn('spec.externalIPs is ignored for headless services');
  if (sessionAffinity !== 'None') warn('spec.SessionAffinity is ignored for headless services');
}

const kinds: Readonly<Record<string, (object: AnyObject, warn: Warn) => void>> = {
  services(object, warn) {
    const spec = (object as unknown as Service).spec as ServiceSpec;
    const { type, externalIPs = [], externalName = '', trafficDistribution } = spec;
    if (spec.clusterIP === 'None') warnOfHeadless(spec, warn);
    else if (externalIPs.length > 0) {
      warn(
        type === 'ExternalName'
          ? 'spec.externalIPs is ignored when spec.type is "ExternalName"'
          : 'spec.externalIPs is deprecated and may no longer be implemented in some clusters',
      );
    }
    if (type !== 'ExternalName' && externalName !== '') {
      warn('spec.externalName is ignored when spec.type is not "ExternalName"');
    }
    if (trafficDistribution === 'PreferClose')
      warn('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"');
  },
  endpoints(_object, warn) {
    warn('v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice');
  },
  persistentvolumeclaims(object, warn) {
    const { requests } = (object as unknown as PersistentVolumeClaim).spec.resources;
    warnOfFractions(requests, 'spec.resources.requests', warn);
  },
  'statefulsets.apps'(object, warn) {
    const { volumeClaimTemplates = [], revisionHistoryLimit } = (object as unknown as StatefulSet).spec;
    volumeClaimTemplates.forEach(({ spec }, index) => {
      warnOfFractions(
        spec?.resources.requests,
        `spec.volumeClaimTemplates[${index}].resources.requests`,
        warn,
      );
    });
    if (revisionHistoryLimit < 0) {
      warn(
        'spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended',
      );
    }
  },
  'csidrivers.storage.k8s.io'(object, warn) {
    const { tokenRequests = [], serviceAccountTokenInSecrets } = object['spec'] as CsiDriverSpec;
    if (tokenRequests.length === 0 || serviceAccountTokenInSecrets !== undefined) return;
    warn(
      'spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes',
    );
  },
  'ingresses.networking.k8s.io'(object, warn) {
    if (object.metadata.annotations?.['kubernetes.io/ingress.class'] === undefined) return;
    warn(
      `annotation "kubernetes.io/ingress.class" is deprecated, please use 'spec.ingressClassName' instead`,
    );
  },
};

function warnOfPods(spec: PodSpec, path: string, warn: Warn): void {
  for (const key of Object.keys(spec.nodeSelector ?? {})) {
    const [since, instead] = DEPRECATED_LABELS.get(key) ?? [];
    if (since === undefined) continue;
    warn(`${path}.nodeSelector[${key}]: deprecated since ${since}; use "${instead ?? ''}" instead`);
  }
  (spec.volumes ?? []).forEach((volume, index) => {
    for (const [source, since] of Object.entries(RETIRED_VOLUMES))
      if (source in volume)
        warn(`${path}.volumes[${index}].${SHOWN_AS[source] ?? source}: deprecated ${since}`);
  });
  warnOfSpread(spec, `${path}.topologySpreadConstraints`, warn);
  warnOfRepeats(
    spec.hostAliases?.map(({ ip }) => ip),
    (index, ip) => {
      warn(`${path}.hostAliases[${index}].ip: duplicate ip "${ip}"`);
    },
  );
  const secrets = spec.imagePullSecrets?.map(({ name }) => name);
  warnOfRepeats(secrets, (index, name) =>
    warn(`${path}.imagePullSecrets[${index}].name: duplicate name "${name}"`),
  );
  secrets?.forEach((name, index) => {
    if (name === '') warn(`${path}.imagePullSecrets[${index}].name: invalid empty name ""`);
  });
  (spec.initContainers ?? []).forEach((container, index) => {
    warnOfContainer(container, `${path}.initContainers[${index}]`, warn);
  });
  spec.containers.forEach((container, index) =>
    warnOfContainer(container, `${path}.containers[${index}]`, warn),
  );
  warnOfPorts(spec.containers, `${path}.containers`, warn);
}

function warnOfSpread({ topologySpreadConstraints = [] }: PodSpec, path: string, warn: Warn): void {
  topologySpreadConstraints.forEach(({ topologyKey, labelSelector }, index) => {
    const [since, instead] = DEPRECATED_LABELS.get(topologyKey) ?? [];
    if (since !== undefined) {
      const text = `${topologyKey} is deprecated since ${since}; use "${instead ?? ''}" instead`;
      warn(`${path}[${index}].topologyKey: ${text}`);
    }
    if (labelSelector === undefined) {
      warn(`${path}[${index}].labelSelector: a null labelSelector results in matching no pod`);
    }
  });
}

function warnOfRepeats(
  values: readonly string[] | undefined,
  warn: (index: number, value: string) => void,
): void {
  values?.forEach((value, index) => {
    if (value !== '' && values.indexOf(value) < index) warn(index, value);
  });
}

function warnOfContainer(container: Container, path: string, warn: Warn): void {
  warnOfFractions(container.resources.limits, `${path}.resources.limits`, warn);
  warnOfFractions(container.resources.requests, `${path}.resources.requests`, warn);
  warnOfHidden(container.env ?? [], `${path}.env`, warn);
}

/** `100m` of memory is a tenth of a byte. */
function warnOfFractions(list: ResourceList | undefined, path: string, warn: Warn): void {
  for (const name of ['memory', 'ephemeral-storage', 'storage']) {
    const quantity = list?.[name];
    if (quantity === undefined || parseQuantity(quantity).nanos % NANOS === 0n) continue;
    warn(`${path}[${name}]: fractional byte value "${quantity}" is invalid, must be an integer`);
  }
}

function warnOfHidden(variables: readonly EnvVar[], path: string, warn: Warn): void {
  const names = new Set<string>();
  variables.forEach(({ name, value = '' }, index) => {
    // A variable may extend its own earlier value.
    if (names.has(name) && !value.includes(`$(${name})`)) {
      warn(
        `${path}[${index}]: hides previous definition of "${name}", which may be dropped when using apply`,
      );
    }
    names.add(name);
  });
}

function warnOfPorts(containers: readonly Container[], path: string, warn: Warn): void {
  const seen = new Map<string, string>();
  containers.forEach(({ ports = [] }, index) => {
    ports.forEach(({ containerPort, protocol, hostPort = 0, hostIP = '' }, position) => {
      const where = `${path}[${index}].ports[${position}]`;
      const key = `${protocol}/${containerPort}/${hostPort}/${hostIP}`;
      const before = seen.get(key);
      if (before === undefined) seen.set(key, where);
      else warn(`${where}: duplicate port definition with ${before}`);
    });
  });
}
