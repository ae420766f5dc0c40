import type { AnyObject } from '../../../model/objects.ts';
import type { FieldRequirement, Requirement } from '../../../model/selector.ts';
import { matchesRequirements } from '../../../model/selector.ts';
import type { ResourceInfo } from '../resource-registry.ts';
import { badRequest } from '../status.ts';

/** Fields that kinds can be selected by beside name and namespace, by the resource that they are stored as. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  pods: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.podIPs',
    'status.nominatedNodeName',
  ],
  nodes: ['spec.unschedulable'],
  namespaces: ['status.phase'],
  secrets: ['type'],
  services: ['spec.clusterIP', 'spec.type'],
  replicationcontrollers: ['status.replicas'],
  'replicasets.apps': ['status.replicas'],
  'jobs.batch': ['status.successful'],
  'certificatesigningrequests.certificates.k8s.io': ['spec.signerName'],
  events: [
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'involvedObject.apiVersion',
    'involvedObject.resourceVersion',
    'involvedObject.fieldPath',
    'reason',
    'reportingComponent',
    'source',
    'type',
  ],
};

/** What an unknown field is answered with differs by how the kind was written, for no reason that shows. */
const UNSUPPORTED = new Set([
  'pods',
  'nodes',
  'namespaces',
  'secrets',
  'services',
  'replicationcontrollers',
  'events',
  'certificatesigningrequests.certificates.k8s.io',
]);

/** Where events.k8s.io names a field otherwise than the stored event. */
const REGARDING = /^regarding\./;

/**
 * A filter by labels and fields.
 * @throws StatusError 400 for a field that the kind cannot be selected by
 */
export function selection(
  info: ResourceInfo,
  labels: readonly Requirement[],
  fields: readonly FieldRequirement[],
): ((object: AnyObject) => boolean) | undefined {
  const requirements = fields.map((requirement) => ({
    ...requirement,
    field: checked(info, requirement.field),
  }));
  if (labels.length === 0 && requirements.length === 0) return undefined;
  const seen = customFields(info, requirements);
  return (object) => {
    if (!matchesRequirements(labels, object.metadata.labels)) return false;
    const shown = seen(object);
    return requirements.every(
      ({ field, operator, value }) => (fieldOf(shown, field) === value) === (operator === '='),
    );
  };
}

/** Fields of a custom resource are those of the version that was asked for, whatever version is stored. */
function customFields(
  { custom, view }: ResourceInfo,
  requirements: readonly FieldRequirement[],
): (stored: AnyObject) => AnyObject {
  const isNeeded = requirements.some(({ field }) => !field.startsWith('metadata.'));
  if (custom === undefined || view === undefined || !isNeeded) return (stored) => stored;
  return (stored) => view.fromStored(stored);
}

function checked(info: ResourceInfo, sent: string): string {
  if (sent === 'metadata.name' || (sent === 'metadata.namespace' && info.resource.namespaced)) return sent;
  if (info.custom?.selectableFields.includes(sent) === true) return sent;
  if (info.custom !== undefined) throw badRequest(`field label not supported: ${sent}`);
  const field = storedField(info, sent);
  if (field !== undefined && FIELDS[info.storage]?.includes(field) === true) return field;
  if (UNSUPPORTED.has(info.storage)) throw badRequest(`field label not supported: ${sent}`);
  if (info.storage === 'jobs.batch') throw badRequest(`field label "${sent}" not supported for Job`);
  throw badRequest(`"${sent}" is not a known field selector: only "metadata.name", "metadata.namespace"`);
}

/** A field of a stored event, which events.k8s.io knows by its own names only; any other field as it is. */
function storedField({ resource }: ResourceInfo, sent: string): string | undefined {
  if (resource.id !== 'events.events.k8s.io') return sent;
  if (sent === 'reportingController') return 'reportingComponent';
  if (REGARDING.test(sent)) return sent.replace(REGARDING, 'involvedObject.');
  return sent === 'reason' || sent === 'type' ? sent : undefined;
}

function fieldOf(object: AnyObject, field: string): string {
  switch (field) {
    case 'source':
      return textAt(object, ['source', 'component']) || textAt(object, ['reportingComponent']);
    case 'status.podIPs':
      return textAt(object, ['status', 'podIP']);
    case 'spec.unschedulable':
    case 'spec.hostNetwork':
      return textAt(object, field.split('.')) || 'false';
    case 'status.successful':
      return textAt(object, ['status', 'succeeded']) || '0';
    default:
      return textAt(object, field.split('.'));
  }
}

function textAt(object: AnyObject, path: readonly string[]): string {
  let value: unknown = object;
  for (const key of path) value = (value as Record<string, unknown> | undefined)?.[key];
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : '';
}
