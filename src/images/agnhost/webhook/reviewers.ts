import type { ProgramContext } from '../../../cluster/runtime/types.ts';
import type { AdmissionRequest, AdmissionResponse, ReviewedObject } from './review.ts';

type Reviewer = (
  request: AdmissionRequest,
  options: { readonly context: ProgramContext; readonly sidecarImage: string },
) => AdmissionResponse | Promise<AdmissionResponse>;

const ALLOWED: AdmissionResponse = { allowed: true };
const DELAY_MS = 5_000;
/** The label and the key by which objects ask to be refused. */
const MARK = 'webhook-e2e-test';

/** What each path does; the tests of the API server count on it. */
export const reviewers: Readonly<Record<string, Reviewer>> = {
  '/add-label': ({ object }) => addLabel(object?.metadata?.labels),
  '/always-allow-delay-5s': async (_request, { context }) => {
    await context.clock.sleep(DELAY_MS);
    return { allowed: true, status: { message: 'this webhook allows all requests' } };
  },
  '/always-deny': () => denied('this webhook denies all requests'),
  '/configmaps': admitData('configmap', 'key and value'),
  '/crd': ({ object }) =>
    object?.metadata?.labels?.[MARK] === 'webhook-disallow'
      ? denied('the crd contains unwanted label')
      : ALLOWED,
  '/custom-resource': admitData('custom resource', 'data'),
  '/mutating-configmaps': mutateData,
  '/mutating-custom-resource': mutateData,
  '/mutating-pods': ({ object }) => {
    const name = 'webhook-added-init-container';
    const isMeant = object?.metadata?.name === 'webhook-to-be-mutated';
    if (!isMeant || object.spec?.initContainers?.some((container) => container.name === name) === true) {
      return ALLOWED;
    }
    const value = [{ image: 'webhook-added-image', name, resources: {} }];
    return { allowed: true, patch: [{ op: 'add', path: '/spec/initContainers', value }] };
  },
  '/mutating-pods-sidecar': ({ object }, { sidecarImage }) => {
    if (sidecarImage === '') {
      return {
        allowed: false,
        status: { message: 'No image specified by the sidecar-image parameter', code: 500 },
      };
    }
    const name = 'webhook-added-sidecar';
    if (object?.spec?.containers?.some((container) => container.name === name) === true) return ALLOWED;
    const value = { image: sidecarImage, name, resources: {} };
    return { allowed: true, patch: [{ op: 'add', path: '/spec/containers/-', value }] };
  },
  '/pods': admitPod,
  '/pods/attach': ({ name, object }) =>
    name === 'to-be-attached-pod' && object?.stdin === true && object.container === 'container1'
      ? denied("attaching to pod 'to-be-attached-pod' is not allowed")
      : ALLOWED,
};

function denied(message: string): AdmissionResponse {
  return { allowed: false, status: { message } };
}

function addLabel(labels: Readonly<Record<string, string>> | undefined): AdmissionResponse {
  const [label, value] = ['added-label', 'yes'];
  const path = `/metadata/labels/${label}`;
  if (labels === undefined || Object.keys(labels).length === 0) {
    return { allowed: true, patch: [{ op: 'add', path: '/metadata/labels', value: { [label]: value } }] };
  }
  if (labels[label] === value) return ALLOWED;
  return { allowed: true, patch: [{ op: labels[label] === undefined ? 'add' : 'replace', path, value }] };
}

function admitPod(
  { object }: AdmissionRequest,
  { context }: { readonly context: ProgramContext },
): AdmissionResponse | Promise<AdmissionResponse> {
  const mark = object?.metadata?.labels?.[MARK];
  if (mark === 'wait-forever') return context.deferred<AdmissionResponse>().promise;
  const causes = [
    ...(mark === 'webhook-disallow' ? ['the pod contains unwanted label;'] : []),
    ...(object?.spec?.containers ?? [])
      .filter(({ name }) => name.includes('webhook-disallow'))
      .map(() => 'the pod contains unwanted container name;'),
  ];
  return causes.length === 0 ? ALLOWED : denied(causes.join(' '));
}

function admitData(what: string, content: string): Reviewer {
  return ({ operation, object, oldObject }) => {
    const data = (operation === 'DELETE' ? oldObject : object)?.data?.[MARK];
    if (data === 'webhook-disallow' && (operation === 'CREATE' || operation === 'UPDATE')) {
      return { allowed: false, status: { reason: `the ${what} contains unwanted ${content}` } };
    }
    if (data === 'webhook-nondeletable' && operation === 'DELETE') {
      const reason = `the ${what} cannot be deleted because it contains unwanted key and value`;
      return { allowed: false, status: { reason } };
    }
    return ALLOWED;
  };
}

/** The second of two such webhooks sees what the first has added. */
function mutateData({ object }: AdmissionRequest): AdmissionResponse {
  const data: ReviewedObject['data'] = object?.data ?? {};
  const stage = data['mutation-stage-1'] === 'yes' ? 2 : data['mutation-start'] === 'yes' ? 1 : undefined;
  if (stage === undefined) return ALLOWED;
  return { allowed: true, patch: [{ op: 'add', path: `/data/mutation-stage-${stage}`, value: 'yes' }] };
}
