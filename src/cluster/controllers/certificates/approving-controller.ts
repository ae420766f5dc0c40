import type { CertificateSigningRequest } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import { type CertificateRequest, readCertificateRequest } from '../../certificates/request.ts';
import { SIGNERS } from '../../certificates/signers.ts';
import type { Controller, ControllerContext } from '../controller.ts';
import { WorkQueue } from '../work-queue.ts';
import { withCondition } from './conditions.ts';

const KUBELET_CLIENT = 'kubernetes.io/kube-apiserver-client-kubelet';

interface Recognizer {
  /** What whoever asks must be allowed to create. */
  readonly subresource: string;
  readonly message: string;
  readonly recognizes: (request: CertificateSigningRequest, asked: CertificateRequest) => boolean;
}

const recognizers: readonly Recognizer[] = [
  {
    subresource: 'selfnodeclient',
    message: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
    recognizes: ({ spec }, { commonName }) => spec.username === commonName,
  },
  {
    subresource: 'nodeclient',
    message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
    recognizes: () => true,
  },
];

/**
 * Approves what kubelets ask for to speak with the API server, where whoever asks may have it.
 * https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/#approval
 */
export function createApprovingController(context: ControllerContext): Controller {
  const { api, simulation, watches, isAllowed } = context;
  const queue = new WorkQueue(simulation, 'csrapproving', sync);
  const kind = resources.certificateSigningRequests;

  function sync(name: string): void {
    const request = api.get(kind, undefined, name);
    if (request === undefined || isDecided(request)) return;
    const { signerName, request: encoded, usages = [] } = request.spec;
    if (signerName !== KUBELET_CLIENT) return;
    const asked = readCertificateRequest(encoded);
    if (SIGNERS[signerName]?.(asked, usages) !== undefined) return;
    const found = recognizers.find(
      ({ subresource, recognizes }) => recognizes(request, asked) && mayHave(request, subresource),
    );
    if (found !== undefined) approve(request, found.message);
  }

  function mayHave({ spec }: CertificateSigningRequest, subresource: string): boolean {
    const { username: name = '', uid, groups = [], extra } = spec;
    const user = { name, groups, ...(uid !== undefined && { uid }), ...(extra && { extra }) };
    const { group, plural: resource } = kind;
    return isAllowed(user, { verb: 'create', group, version: '*', resource, subresource });
  }

  function approve(request: CertificateSigningRequest, message: string): void {
    const said = { type: 'Approved', reason: 'AutoApproved', message };
    const approved = withCondition(request, simulation.timestamp(), said);
    api.updateStatus(kind, approved, { subresource: 'approval' });
  }

  return {
    name: 'certificatesigningrequest-approving-controller',
    start: () => {
      watches.on(kind, ({ type, object }) => {
        if (type !== 'DELETED') queue.add(object.metadata.name);
      });
    },
  };
}

function isDecided({ status = {} }: CertificateSigningRequest): boolean {
  const { certificate = '', conditions = [] } = status;
  return certificate !== '' || conditions.some(({ type }) => type === 'Approved' || type === 'Denied');
}
