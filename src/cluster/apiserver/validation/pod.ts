import { labelKeyProblems } from '../../../model/label-syntax.ts';
import type { ObjectMeta, Pod, PodSpec, PodTemplate, Volume } from '../../../model/objects.ts';
import type { Draft } from '../defaults/draft.ts';
import { checkPodResources } from './container-resources.ts';
import { checkContainers, checkEphemeralContainers, checkImageNames } from './containers.ts';
import { addressProblems, labelProblems, searchPathProblems, subdomainProblems } from './formats.ts';
import { checkAnnotations, checkLabels } from './metadata.ts';
import { checkAffinity, checkSpread, checkTolerations } from './placement.ts';
import type { Problems } from './problems.ts';
import { checkPodSecurity } from './security.ts';
import { checkVolumes } from './volumes.ts';

const RESTART_POLICIES = ['Always', 'OnFailure', 'Never'];
const DNS_POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];
const LARGEST = 2_147_483_647;

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/ */
export function checkPod(problems: Problems, pod: Draft<Pod>): void {
  checkPodSpec(problems, 'spec', pod.spec ?? {});
  checkImageNames(problems, 'spec', pod.spec ?? {});
  if ((pod.spec?.ephemeralContainers?.length ?? 0) > 0) {
    problems.forbidden('spec.ephemeralContainers', 'cannot be set on create');
  }
}

/** A template of pods. */
export function checkTemplate(
  problems: Problems,
  field: string,
  template: Draft<PodTemplate>,
  claims: readonly string[] = [],
): void {
  const { labels, annotations } = (template.metadata ?? {}) as Partial<ObjectMeta>;
  checkLabels(problems, `${field}.metadata.labels`, labels);
  checkAnnotations(problems, `${field}.metadata.annotations`, annotations);
  checkPodSpec(problems, `${field}.spec`, template.spec ?? {}, claims);
  if ((template.spec?.ephemeralContainers?.length ?? 0) === 0) return;
  problems.forbidden(`${field}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template');
}

/** @param claims names of volumes that a StatefulSet adds to its pods */
export function checkPodSpec(
  problems: Problems,
  field: string,
  spec: Draft<PodSpec>,
  claims: readonly string[] = [],
): void {
  const volumes = checkVolumes(problems, `${field}.volumes`, withClaims(spec.volumes ?? [], claims));
  checkContainers(problems, field, spec, volumes);
  checkEphemeralContainers(problems, field, spec, volumes);
  checkPodResources(problems, `${field}.resources`, spec);
  if (spec.hostNetwork === true) checkHostNetwork(problems, field, spec);
  problems.oneOf(`${field}.restartPolicy`, spec.restartPolicy, RESTART_POLICIES);
  problems.oneOf(`${field}.dnsPolicy`, spec.dnsPolicy, DNS_POLICIES);
  checkLabels(problems, `${field}.nodeSelector`, spec.nodeSelector as Record<string, string> | undefined);
  checkPodSecurity(problems, field, spec);
  checkAffinity(problems, `${field}.affinity`, spec.affinity);
  checkDns(problems, `${field}.dnsConfig`, spec);
  checkGates(problems, field, spec);
  checkSpread(problems, `${field}.topologySpreadConstraints`, spec.topologySpreadConstraints ?? []);
  checkNames(problems, field, spec);
  checkTolerations(problems, `${field}.tolerations`, spec.tolerations ?? []);
  checkHostAliases(problems, `${field}.hostAliases`, spec.hostAliases ?? []);
  checkClasses(problems, field, spec);
}

/** The volumes of a StatefulSet's pods: those of its claims first, which take the place of others with their names. */
function withClaims(volumes: readonly Draft<Volume>[], claims: readonly string[]): Draft<Volume>[] {
  const added = [...new Set(claims)].map((name) => ({ name, persistentVolumeClaim: { claimName: name } }));
  return [...added, ...volumes.filter(({ name = '' }) => !claims.includes(name))];
}

function checkHostNetwork(problems: Problems, field: string, { containers = [] }: Draft<PodSpec>): void {
  containers.forEach(({ ports = [] }, index) => {
    ports.forEach(({ containerPort, hostPort }, position) => {
      if (hostPort === undefined || hostPort === containerPort) return;
      problems.invalid(
        `${field}.containers[${index}].ports[${position}].hostPort`,
        hostPort,
        'must match `containerPort` when `hostNetwork` is true',
      );
    });
  });
}

function checkDns(problems: Problems, field: string, { dnsConfig, dnsPolicy }: Draft<PodSpec>): void {
  if (dnsPolicy === 'None') {
    if (dnsConfig === undefined) {
      problems.required(field, 'must provide `dnsConfig` when `dnsPolicy` is None');
      return;
    }
    if ((dnsConfig.nameservers?.length ?? 0) === 0) {
      const why = 'must provide at least one DNS nameserver when `dnsPolicy` is None';
      problems.required(`${field}.nameservers`, why);
      return;
    }
  }
  const { nameservers = [], searches = [], options = [] } = dnsConfig ?? {};
  if (nameservers.length > 3) {
    problems.invalid(`${field}.nameservers`, nameservers, 'must not have more than 3 nameservers');
  }
  nameservers.forEach((address, index) => {
    problems.invalidFor(`${field}.nameservers[${index}]`, address, addressProblems(address));
  });
  if (searches.length > 32) {
    problems.invalid(`${field}.searches`, searches, 'must not have more than 32 search paths');
  }
  searches.forEach((domain, index) => {
    if (domain === '.') return;
    problems.invalidFor(`${field}.searches[${index}]`, domain, searchPathProblems(domain.replace(/\.$/, '')));
  });
  options.forEach(({ name = '' }, index) => {
    if (name === '') problems.required(`${field}.options[${index}]`, 'must not be empty');
  });
}

function checkGates(problems: Problems, field: string, spec: Draft<PodSpec>): void {
  (spec.readinessGates ?? []).forEach(({ conditionType = '' }, index) => {
    const at = `${field}.readinessGates[${index}].conditionType`;
    problems.invalidFor(at, conditionType, labelKeyProblems(conditionType));
  });
  const names = new Set<string>();
  (spec.schedulingGates ?? []).forEach(({ name = '' }, index) => {
    const at = `${field}.schedulingGates[${index}]`;
    problems.invalidFor(at, name, labelKeyProblems(name));
    if (names.has(name)) problems.duplicate(at, name);
    names.add(name);
  });
}

function checkNames(problems: Problems, field: string, spec: Draft<PodSpec>): void {
  const {
    serviceAccountName = '',
    nodeName = '',
    activeDeadlineSeconds,
    hostname = '',
    subdomain = '',
  } = spec;
  if (serviceAccountName !== '') {
    problems.invalidFor(
      `${field}.serviceAccountName`,
      serviceAccountName,
      subdomainProblems(serviceAccountName),
    );
  }
  if (nodeName !== '') problems.invalidFor(`${field}.nodeName`, nodeName, subdomainProblems(nodeName));
  if (activeDeadlineSeconds !== undefined && (activeDeadlineSeconds < 1 || activeDeadlineSeconds > LARGEST)) {
    const why = `must be between 1 and ${LARGEST}, inclusive`;
    problems.invalid(`${field}.activeDeadlineSeconds`, activeDeadlineSeconds, why);
  }
  if (hostname !== '') problems.invalidFor(`${field}.hostname`, hostname, labelProblems(hostname));
  if (subdomain !== '') problems.invalidFor(`${field}.subdomain`, subdomain, labelProblems(subdomain));
}

function checkHostAliases(
  problems: Problems,
  field: string,
  aliases: readonly Draft<NonNullable<PodSpec['hostAliases']>[number]>[],
): void {
  aliases.forEach(({ ip = '', hostnames = [] }, index) => {
    problems.invalidFor(`${field}[${index}].ip`, ip, addressProblems(ip));
    hostnames.forEach((name, position) => {
      problems.invalidFor(`${field}[${index}].hostnames[${position}]`, name, subdomainProblems(name));
    });
  });
}

function checkClasses(
  problems: Problems,
  field: string,
  spec: Draft<PodSpec> & { os?: { name?: string } },
): void {
  const { priorityClassName = '', runtimeClassName, preemptionPolicy, os } = spec;
  if (priorityClassName !== '') {
    problems.invalidFor(
      `${field}.priorityClassName`,
      priorityClassName,
      subdomainProblems(priorityClassName),
    );
  }
  if (runtimeClassName !== undefined) {
    problems.invalidFor(`${field}.runtimeClassName`, runtimeClassName, subdomainProblems(runtimeClassName));
  }
  problems.oneOf(`${field}.preemptionPolicy`, preemptionPolicy, ['PreemptLowerPriority', 'Never']);
  problems.oneOf(`${field}.os`, os?.name, ['linux', 'windows']);
}
