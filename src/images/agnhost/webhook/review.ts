import type { HttpRequest } from '../../../cluster/network/types.ts';

/** https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#request */
export interface AdmissionReview {
  readonly apiVersion: string;
  readonly request: AdmissionRequest;
}

export interface AdmissionRequest {
  readonly uid: string;
  readonly name?: string;
  readonly operation: string;
  readonly subResource?: string;
  readonly resource: { readonly group: string; readonly version: string; readonly resource: string };
  readonly object?: ReviewedObject | null;
  readonly oldObject?: ReviewedObject | null;
}

/** What reviewers look at in objects of any kind. */
export interface ReviewedObject {
  readonly metadata?: { readonly name?: string; readonly labels?: Readonly<Record<string, string>> };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly containers?: readonly { readonly name: string }[];
    readonly initContainers?: readonly { readonly name: string }[];
  };
  /** Of PodAttachOptions. */
  readonly stdin?: boolean;
  readonly container?: string;
}

export interface AdmissionResponse {
  readonly allowed: boolean;
  readonly status?: { readonly message?: string; readonly reason?: string; readonly code?: number };
  readonly patch?: readonly { readonly op: string; readonly path: string; readonly value: unknown }[];
}

const VERSIONS = ['admission.k8s.io/v1', 'admission.k8s.io/v1beta1'];

/** The review in a request, or why it is none. */
export function readReview({ headers, body }: HttpRequest): AdmissionReview | string {
  const type = headers['content-type'] ?? '';
  if (type !== 'application/json') return `contentType=${type}, expect application/json`;
  try {
    const review = JSON.parse(body) as AdmissionReview & { kind?: string };
    if (review.kind === 'AdmissionReview' && VERSIONS.includes(review.apiVersion)) return review;
    return `Unsupported group version kind: ${review.apiVersion}, Kind=${review.kind ?? ''}`;
  } catch {
    return 'Request could not be decoded: it is no JSON';
  }
}
