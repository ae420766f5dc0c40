import { equal } from '../../../core/json.ts';
import type { CertificateSigningRequest } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import { readCertificateRequest, RequestError } from '../../certificates/request.ts';
import type { AdmissionAttributes, AdmissionPlugin, Authorizer } from '../pipeline.ts';
import { refusal } from './refuse.ts';

const { id, group } = resources.certificateSigningRequests;
const API_CLIENT = 'kubernetes.io/kube-apiserver-client';

/**
 * Who may ask for certificates, approve and sign them.
 * https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#authorization
 */
export function certificatePlugins(authorizer: Authorizer): readonly AdmissionPlugin[] {
  return [
    requester,
    {
      name: 'CertificateApproval',
      validate(attributes) {
        if (!isAbout(attributes, 'UPDATE', 'approval')) return;
        const { signerName } = stored(attributes).spec;
        if (mayUse(authorizer, attributes, 'approve', signerName)) return;
        throw refusal(
          attributes,
          `user not permitted to approve requests with signerName ${JSON.stringify(signerName)}`,
        );
      },
    },
    {
      name: 'CertificateSigning',
      validate(attributes) {
        if (!isAbout(attributes, 'UPDATE', 'status')) return;
        const old = stored(attributes);
        const { status } = sent(attributes);
        const isSame =
          status?.certificate === old.status?.certificate &&
          equal(status?.conditions ?? [], old.status?.conditions ?? []);
        if (isSame || mayUse(authorizer, attributes, 'sign', old.spec.signerName)) return;
        throw refusal(
          attributes,
          `user not permitted to sign requests with signerName ${JSON.stringify(old.spec.signerName)}`,
        );
      },
    },
    subjectRestriction,
  ];
}

/** Notes who asks; what a client says of that counts for nothing, and a request never changes. */
const requester: AdmissionPlugin = {
  name: 'CertificateRequester',
  mutate(attributes) {
    if (isAbout(attributes, 'CREATE', undefined)) {
      const request = sent(attributes);
      const { signerName, request: pem, expirationSeconds, usages } = request.spec;
      const { name: username, uid, groups, extra } = attributes.user;
      request.spec = {
        request: pem,
        signerName,
        ...(expirationSeconds !== undefined && { expirationSeconds }),
        ...(usages && { usages }),
        username,
        ...(uid !== undefined && { uid }),
        groups: [...groups],
        ...(extra && { extra: extra as Record<string, string[]> }),
      };
      request.status = {};
    } else if (isAbout(attributes, 'UPDATE', undefined)) {
      sent(attributes).spec = stored(attributes).spec;
    }
  },
};

const subjectRestriction: AdmissionPlugin = {
  name: 'CertificateSubjectRestriction',
  validate(attributes) {
    if (!isAbout(attributes, 'CREATE', undefined)) return;
    const { signerName, request } = sent(attributes).spec;
    if (signerName !== API_CLIENT) return;
    if (!organizationsOf(attributes, request).includes('system:masters')) return;
    throw refusal(attributes, `use of ${API_CLIENT} signer with system:masters group is not allowed`);
  },
};

function organizationsOf(attributes: AdmissionAttributes, request: string | undefined): readonly string[] {
  try {
    return readCertificateRequest(request ?? '').organizations;
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    throw refusal(attributes, `failed to parse CSR: ${error.message}`);
  }
}

function isAbout(
  { operation, resource, subresource }: AdmissionAttributes,
  wanted: 'CREATE' | 'UPDATE',
  part: string | undefined,
): boolean {
  return resource.id === id && operation === wanted && subresource === part;
}

const sent = ({ object }: AdmissionAttributes): CertificateSigningRequest =>
  object as unknown as CertificateSigningRequest;
const stored = ({ old }: AdmissionAttributes): CertificateSigningRequest =>
  old as unknown as CertificateSigningRequest;

/** For a signer by its name, or for all of its domain. */
function mayUse(
  authorizer: Authorizer,
  { user }: AdmissionAttributes,
  verb: 'approve' | 'sign',
  signerName: string,
): boolean {
  const all = `${signerName.split('/')[0] ?? ''}/*`;
  return [signerName, all].some(
    (name) => authorizer.authorize(user, { verb, group, version: '*', resource: 'signers', name }).allowed,
  );
}
