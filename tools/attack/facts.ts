import type { AnyObject, ConfigMap, Deployment, LabelSelector, PodSpec } from '../../src/model/objects.ts';
import { resources } from '../../src/model/resources.ts';
import { partsOf, type Reference, referenceOf } from './edits/edit.ts';
import type { BrokenLab } from './lab.ts';
import { type Difference, differences } from './state.ts';

/** What edits are drawn from: the live objects of a broken lab, and how they were. */
export interface Facts {
  readonly scenario: string;
  /** What the seed drew. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly namespace: string;
  /** The Deployment that the fault is about, and the name of its container. */
  readonly workload: Reference;
  readonly container: string;
  /** Which pods are its. */
  readonly selector: LabelSelector;
  readonly differences: readonly Difference[];
  readonly deployments: readonly Reference[];
  readonly services: readonly Reference[];
  /** StatefulSets and claims. */
  readonly data: readonly Reference[];
  readonly policies: readonly Reference[];
  readonly configMaps: readonly Reference[];
  readonly others: readonly Reference[];
  /** Addresses of Services by name. */
  readonly addresses: Readonly<Record<string, string>>;
  /** Images that are anywhere: of live containers, of the healthy shop, of registries. */
  readonly images: readonly string[];
  /** Numbers that the fault has to do with: ports and the like. */
  readonly ports: readonly (number | string)[];
  readonly memory: readonly string[];
  /** Those of them that are enough for most. */
  readonly limits: readonly string[];
  readonly isDns: boolean;
  /** As it is in the broken lab. */
  readonly corefile: string;
}

const COREDNS = referenceOf(resources.deployments, { namespace: 'kube-system', name: 'coredns' });

/** Looks at a lab once, for all sequences. */
export function factsOf({ incident, healthy, broken }: BrokenLab): Facts {
  const { plan, scenario } = incident;
  const found = differences(healthy, broken);
  const isDns = scenario.area === 'dns';
  const isDeployment = (of: Reference): boolean => partsOf(of).resource.id === resources.deployments.id;
  const workload =
    found.find(({ of, kind }) => isDeployment(of) && kind !== 'gone' && of !== COREDNS)?.of ??
    (isDns ? COREDNS : named(incident.values['service'], plan.namespace));
  const { namespace = '', name } = partsOf(workload);
  const live = broken.get<Deployment>(resources.deployments, namespace, name);
  if (live === undefined) throw new Error(`${workload} is not there`);
  const { containers } = live.spec.template.spec;
  const own = containers.find((one) => one.name === name) ?? containers[0];
  const all = [...broken.objects.keys()];
  const of = (id: string): Reference[] => all.filter((one) => one.startsWith(`${id}/`));
  const touched = found.map((one) => one.of);
  const inShop = (one: Reference): boolean => one.split('/')[1] === plan.namespace;
  return {
    scenario: scenario.id,
    values: incident.values,
    namespace,
    workload,
    container: own?.name ?? name,
    selector: live.spec.selector,
    differences: found,
    deployments: of(resources.deployments.id).filter((one) => inShop(one) || isDns),
    services: of(resources.services.id).filter((one) => inShop(one) || isDns),
    data: [...of(resources.statefulSets.id), ...of(resources.persistentVolumeClaims.id)],
    policies: of(resources.networkPolicies.id),
    configMaps: of(resources.configMaps.id).filter(
      (one) => isAnybodys(one) && !one.endsWith('/kube-root-ca.crt'),
    ),
    others: [...of(resources.limitRanges.id), ...of(resources.secrets.id).filter(isAnybodys), ...touched],
    addresses: addressesOf(broken.objects),
    images: imagesOf(
      [...healthy.objects.values(), ...broken.objects.values()],
      incident.plan.registries ?? [],
    ),
    ports: portsOf(incident.values),
    memory: [
      '32Mi',
      '56Mi',
      '96Mi',
      '160Mi',
      '192Mi',
      '208Mi',
      '224Mi',
      '240Mi',
      '256Mi',
      '512Mi',
      '1Gi',
      '2Gi',
    ],
    limits: ['160Mi', '192Mi', '208Mi'],
    isDns,
    corefile: broken.get<ConfigMap>(resources.configMaps, 'kube-system', 'coredns')?.data?.['Corefile'] ?? '',
  };
}

/** Not kubeadm's, of which CoreDNS alone has to do with a lab. */
const isAnybodys = (one: Reference): boolean => !one.includes('/kube-') || one.endsWith('/coredns');

const named = (service: unknown, namespace: string): Reference =>
  referenceOf(resources.deployments, { namespace, name: typeof service === 'string' ? service : 'checkout' });

function addressesOf(objects: ReadonlyMap<Reference, AnyObject>): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [of, object] of objects) {
    const { clusterIP } = (object['spec'] ?? {}) as { clusterIP?: string };
    const { resource, name } = partsOf(of);
    if (resource.id === resources.services.id && clusterIP !== undefined && clusterIP !== 'None')
      found[name] = clusterIP;
  }
  return found;
}

function imagesOf(
  objects: readonly AnyObject[],
  registries: readonly {
    host: string;
    repositories: Readonly<Record<string, Readonly<Record<string, string>>>>;
  }[],
): string[] {
  const live = objects.flatMap((object) => {
    const { template } = (object['spec'] ?? {}) as { template?: { spec?: PodSpec } };
    return (template?.spec?.containers ?? []).map(({ image }) => image);
  });
  const pushed = registries.flatMap(({ host, repositories }) =>
    Object.entries(repositories).flatMap(([repository, tags]) =>
      Object.keys(tags).map((tag) => `${host}/${repository}:${tag}`),
    ),
  );
  return [...new Set([...live, ...pushed])].filter((image) => image.includes('shop')).sort();
}

/** Numbers of the draw above the well-known ports are ports; the shop listens on 8080. */
function portsOf(values: Readonly<Record<string, unknown>>): (number | string)[] {
  const drawn = Object.values(values).filter(
    (value): value is number => typeof value === 'number' && value > 1024 && value < 65_536,
  );
  return ['http', 8080, 9090, ...drawn];
}
