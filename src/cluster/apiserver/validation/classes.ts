import { labelProblems, subdomainProblems } from './formats.ts';
import { checkDomainPath } from './metadata.ts';
import type { Problems } from './problems.ts';

/** https://kubernetes.io/docs/concepts/containers/runtime-class/ */
export function checkRuntimeClass(problems: Problems, { handler = '' }: { handler?: string }): void {
  if (handler === '') problems.required('handler');
  else problems.invalidFor('handler', handler, labelProblems(handler));
}

/** https://kubernetes.io/docs/concepts/services-networking/ingress/#ingress-class */
export function checkIngressClass(
  problems: Problems,
  { spec = {} }: { spec?: { controller?: string } },
): void {
  const { controller = '' } = spec;
  if (controller === '') problems.required('spec.controller');
  else checkDomainPath(problems, 'spec.controller', controller);
}

const GROUP_POLICIES = ['File', 'None', 'ReadWriteOnceWithFSType'];
const LIFECYCLES = ['Persistent', 'Ephemeral'];

/** https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/csi-driver-v1/ */
export function checkCsiDriver(
  problems: Problems,
  { spec = {} }: { spec?: { fsGroupPolicy?: string; volumeLifecycleModes?: string[] } },
): void {
  problems.oneOf('spec.fsGroupPolicy', spec.fsGroupPolicy, GROUP_POLICIES);
  for (const mode of spec.volumeLifecycleModes ?? [])
    problems.oneOf('spec.volumeLifecycleModes', mode, LIFECYCLES);
}

/** https://kubernetes.io/docs/concepts/storage/volume-attributes-classes/ */
export function checkAttributesClass(
  problems: Problems,
  { driverName = '', parameters = {} }: { driverName?: string; parameters?: Record<string, string> },
): void {
  if (driverName === '') problems.required('driverName');
  if (Object.keys(parameters).length === 0)
    problems.required('parameters', 'must contain at least one key/value pair');
}

/** https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/volume-attachment-v1/ */
export function checkVolumeAttachment(
  problems: Problems,
  {
    spec = {},
  }: {
    spec?: {
      attacher?: string;
      nodeName?: string;
      source?: { persistentVolumeName?: string; inlineVolumeSpec?: object };
    };
  },
): void {
  const { attacher = '', nodeName = '', source = {} } = spec;
  if (attacher === '') problems.required('spec.attacher');
  const sources = [source.persistentVolumeName, source.inlineVolumeSpec].filter((one) => one !== undefined);
  if (sources.length !== 1)
    problems.required('spec.source', 'must specify exactly one of inlineVolumeSpec and persistentVolumeName');
  problems.invalidFor('spec.nodeName', nodeName, subdomainProblems(nodeName));
}
