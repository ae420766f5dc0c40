import type { CertificateRequest } from './request.ts';

type Check = (request: CertificateRequest, usages: readonly string[]) => string | undefined;

const NODES = 'system:nodes';
const NODE_PREFIX = 'system:node:';
const SERVING = ['digital signature', 'key encipherment', 'server auth'];
const CLIENT = ['client auth', 'digital signature', 'key encipherment'];

/**
 * What the signers of Kubernetes want of a request, each with what is wrong with one; others have signers of their own.
 * https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#kubernetes-signers
 */
export const SIGNERS: Readonly<Record<string, Check>> = {
  'kubernetes.io/kubelet-serving': (request, usages) => {
    const { dns, addresses, emails, uris } = request.alternativeNames;
    if (!isOfNodes(request)) return 'subject organization is not system:nodes';
    if (dns + addresses === 0) return 'DNS or IP subjectAltName is required';
    if (emails > 0) return 'Email subjectAltNames are not allowed';
    if (uris > 0) return 'URI subjectAltNames are not allowed';
    if (!areUsages(usages, SERVING)) return `usages did not match [${SERVING.join(' ')}]`;
    return nodeName(request);
  },
  'kubernetes.io/kube-apiserver-client-kubelet': (request, usages) => {
    const { dns, addresses, emails, uris } = request.alternativeNames;
    if (!isOfNodes(request)) return 'subject organization is not system:nodes';
    if (dns > 0) return 'DNS subjectAltNames are not allowed';
    if (emails > 0) return 'Email subjectAltNames are not allowed';
    if (addresses > 0) return 'IP subjectAltNames are not allowed';
    if (uris > 0) return 'URI subjectAltNames are not allowed';
    if (!areUsages(usages, CLIENT)) return `usages did not match [${CLIENT.join(' ')}]`;
    return nodeName(request);
  },
  'kubernetes.io/kube-apiserver-client': (_request, usages) => {
    const other = usages.find((usage) => !CLIENT.includes(usage));
    if (other !== undefined) return `invalid usage for client certificate: ${other}`;
    return usages.includes('client auth')
      ? undefined
      : 'missing required usage for client certificate: client auth';
  },
};

function isOfNodes({ organizations }: CertificateRequest): boolean {
  return organizations.length === 1 && organizations[0] === NODES;
}

/** Keys that are no RSA keys need no encipherment. */
function areUsages(usages: readonly string[], wanted: readonly string[]): boolean {
  const given = new Set(usages);
  const missing = wanted.filter((usage) => !given.has(usage));
  const isLess = missing.length === 1 && missing[0] === 'key encipherment';
  return (missing.length === 0 || isLess) && given.size === wanted.length - missing.length;
}

function nodeName({ commonName }: CertificateRequest): string | undefined {
  return commonName.startsWith(NODE_PREFIX)
    ? undefined
    : 'subject common name does not begin with system:node:';
}
