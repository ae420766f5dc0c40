import type {
  Container,
  EnvVar,
  Handler,
  PersistentVolumeClaim,
  Pod,
  PodSpec,
  PodTemplate,
  Probe,
  ProjectedSource,
  ResourceRequirements,
  Volume,
} from '../../../model/objects.ts';
import type { Draft } from './draft.ts';
import { canonicalField, canonicalResources } from './quantities.ts';
import { defaultPodLevelResources } from './pod-level-resources.ts';
import { defaultClaimSpec } from './storage.ts';
import { defaultVolumeSources } from './volume-sources.ts';

/** `rw-r--r--`, what files of volumes get. */
const DEFAULT_MODE = 0o644;

/** What a pod gets beyond {@link defaultPodSpec}: these do not appear in templates. */
export function defaultPod(pod: Draft<Pod>): void {
  const spec = (pod.spec ??= {});
  defaultPodSpec(spec);
  for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) {
    requestWhatIsLimited((container.resources ??= {}));
    if (spec.hostNetwork === true) {
      for (const port of container.ports ?? []) port.hostPort ||= port.containerPort;
    }
  }
  defaultPodLevelResources(spec);
  spec.enableServiceLinks ??= true;
}

/** A limit without a request is also the request. */
function requestWhatIsLimited(resources: Draft<ResourceRequirements>): void {
  for (const [name, limit] of Object.entries(resources.limits ?? {})) {
    const requests = (resources.requests ??= {});
    requests[name] ??= limit;
  }
}

export function defaultPodTemplate(template: Draft<PodTemplate>): void {
  template.metadata ??= {};
  defaultPodSpec((template.spec ??= {}));
}

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#PodSpec */
function defaultPodSpec(spec: Draft<PodSpec>): void {
  spec.dnsPolicy ||= 'ClusterFirst';
  spec.restartPolicy ||= 'Always';
  spec.securityContext ??= {};
  spec.terminationGracePeriodSeconds ??= 30;
  spec.schedulerName ||= 'default-scheduler';
  if (spec.resources !== undefined) canonicalResources(spec.resources);
  mirrorServiceAccount(spec);
  // Validation will ask for one; what comes before it takes a list for granted.
  spec.containers ??= [];
  for (const container of spec.containers) defaultContainer(container);
  for (const container of spec.initContainers ?? []) defaultContainer(container);
  for (const container of spec.ephemeralContainers ?? []) defaultContainer(container);
  for (const volume of spec.volumes ?? []) defaultVolume(volume);
}

/** `serviceAccount` is the old name of `serviceAccountName`; the new one wins, and both are stored. */
function mirrorServiceAccount(spec: Draft<PodSpec>): void {
  const name = (spec.serviceAccountName ?? '') === '' ? spec.serviceAccount : spec.serviceAccountName;
  if (name === undefined || name === '') return;
  if (spec.serviceAccountName !== name) spec.serviceAccountName = name;
  if (spec.serviceAccount !== name) spec.serviceAccount = name;
}

function defaultContainer(container: Draft<Container>): void {
  container.imagePullPolicy ||= pullPolicyOf(container.image ?? '');
  container.terminationMessagePath ||= '/dev/termination-log';
  container.terminationMessagePolicy ||= 'File';
  canonicalResources((container.resources ??= {}));
  for (const port of container.ports ?? []) port.protocol ||= 'TCP';
  for (const variable of container.env ?? []) defaultVariable(variable);
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe]) {
    if (probe !== undefined) defaultProbe(probe);
  }
  defaultHandler(container.lifecycle?.postStart);
  defaultHandler(container.lifecycle?.preStop);
}

function defaultVariable(variable: Draft<EnvVar>): void {
  if (variable.value === '') delete variable.value;
  defaultReferences(variable.valueFrom);
}

/** Only the tag `latest`, also where it is implied, is pulled each time. */
function pullPolicyOf(image: string): 'Always' | 'IfNotPresent' {
  const [name = '', digest] = image.split('@');
  const tag = /:([\w][\w.-]{0,127})$/.exec(name)?.[1];
  const repository = tag === undefined ? name : name.slice(0, -tag.length - 1);
  if (!/^([\w.-]+(:\d+)?\/)?[a-z0-9]+([._/-]+[a-z0-9]+)*$/.test(repository)) return 'IfNotPresent';
  return tag === 'latest' || (tag === undefined && digest === undefined) ? 'Always' : 'IfNotPresent';
}

function defaultProbe(probe: Draft<Probe>): void {
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  defaultHandler(probe);
}

function defaultHandler(handler: Draft<Handler> | undefined): void {
  if (handler?.httpGet !== undefined) {
    handler.httpGet.path ||= '/';
    handler.httpGet.scheme ||= 'HTTP';
  }
  if (handler?.grpc !== undefined) handler.grpc.service ??= '';
}

function defaultVolume(volume: Draft<Volume> & Record<string, unknown>): void {
  if (Object.keys(volume).every((key) => key === 'name')) volume.emptyDir = {};
  for (const source of [volume.configMap, volume.secret, volume.downwardAPI, volume.projected]) {
    if (source !== undefined) source.defaultMode ??= DEFAULT_MODE;
  }
  defaultVolumeSources(volume);
  defaultClaimTemplate(volume.ephemeral?.volumeClaimTemplate);
  if (volume.image !== undefined) volume.image.pullPolicy ||= pullPolicyOf(volume.image.reference ?? '');
  if (volume.emptyDir !== undefined) canonicalField(volume.emptyDir, 'sizeLimit');
  for (const item of volume.downwardAPI?.items ?? []) defaultReferences(item);
  for (const source of volume.projected?.sources ?? []) defaultProjectedSource(source);
}

function defaultClaimTemplate(
  template: Draft<NonNullable<Volume['ephemeral']>['volumeClaimTemplate']>,
): void {
  if (template === undefined) return;
  template.metadata ??= {};
  const spec: Draft<PersistentVolumeClaim['spec']> = (template.spec ??= {});
  defaultClaimSpec(spec);
}

function defaultProjectedSource(source: Draft<ProjectedSource>): void {
  if (source.serviceAccountToken !== undefined) source.serviceAccountToken.expirationSeconds ??= 3600;
  for (const item of source.downwardAPI?.items ?? []) defaultReferences(item);
}

/** References to fields of the pod itself, in its environment and its files. */
function defaultReferences(from: Draft<EnvVar['valueFrom']>): void {
  if (from?.fieldRef !== undefined) from.fieldRef.apiVersion ||= 'v1';
  if (from?.resourceFieldRef !== undefined) from.resourceFieldRef.divisor ??= '0';
}
