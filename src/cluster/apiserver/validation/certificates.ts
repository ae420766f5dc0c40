import { X509Certificate } from 'node:crypto';
import { equal } from '../../../core/json.ts';
import { messageOf } from '../../../core/errors.ts';
import type { CertificateSigningRequest, Condition } from '../../../model/objects.ts';
import { readCertificateRequest, RequestError } from '../../certificates/request.ts';
import { KNOWN_USAGES } from '../../certificates/usages.ts';
import { labelProblems, subdomainProblems } from './formats.ts';
import type { Problems } from './problems.ts';

const CONDITIONS = 'status.conditions';
const CERTIFICATE = 'status.certificate';
const SHORTEST = 600;
const LEGACY = 'kubernetes.io/legacy-unknown';
const DECISIONS = ['Approved', 'Denied'];

/** https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/ */
export function checkCertificateRequest(problems: Problems, { spec }: CertificateSigningRequest): void {
  const { usages = [], signerName, expirationSeconds } = spec;
  const request = (spec as Partial<typeof spec>).request ?? '';
  try {
    readCertificateRequest(request);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    problems.invalid('spec.request', request, error.message);
  }
  checkUsages(problems, usages);
  checkSignerName(problems, signerName);
  if (expirationSeconds !== undefined && expirationSeconds < SHORTEST) {
    problems.invalid(
      'spec.expirationSeconds',
      expirationSeconds,
      'may not specify a duration less than 600 seconds (10 minutes)',
    );
  }
}

function checkUsages(problems: Problems, usages: readonly string[]): void {
  if (usages.length === 0) problems.required('spec.usages');
  usages.forEach((usage, index) => problems.oneOf(`spec.usages[${index}]`, usage, KNOWN_USAGES));
  usages.forEach((usage, index) => {
    if (usages.indexOf(usage) < index) problems.duplicate(`spec.usages[${index}]`, usage);
  });
}

function checkSignerName(problems: Problems, signerName: string | undefined): void {
  const field = 'spec.signerName';
  if (signerName === undefined || signerName === '') {
    problems.required(field);
    return;
  }
  if (signerName === LEGACY) {
    problems.invalid(field, signerName, 'the legacy signerName is not allowed via this API version');
    return;
  }
  const [domain = '', path = '', ...more] = signerName.split('/');
  if (!signerName.includes('/') || more.length > 0) {
    problems.invalid(
      field,
      signerName,
      "must be a fully qualified domain and path of the form 'example.com/signer-name'",
    );
    return;
  }
  checkSegment(problems, domain, labelProblems);
  if (!domain.includes('.')) {
    problems.invalid(field, domain, 'should be a domain with at least two segments separated by dots');
  }
  checkSegment(problems, path, subdomainProblems);
}

/** The first part of a segment that is wrong says it for all. */
function checkSegment(
  problems: Problems,
  segment: string,
  problemsOf: (label: string) => readonly string[],
): void {
  const wrong = segment.split('.').find((label) => problemsOf(label).length > 0);
  if (wrong === undefined) return;
  for (const why of problemsOf(wrong)) {
    problems.invalid('spec.signerName', segment, `validating label ${JSON.stringify(wrong)}: ${why}`);
  }
}

/** The `approval` of a request: decisions come and stay. */
export function checkApproval(
  problems: Problems,
  request: CertificateSigningRequest,
  old: CertificateSigningRequest,
): void {
  checkConditions(problems, request, old);
  if (certificateOf(request) !== certificateOf(old)) {
    problems.forbidden(CERTIFICATE, 'updates may not set certificate content');
  }
}

/** The status of a request: a certificate comes once, decisions are made elsewhere. */
export function checkSigning(
  problems: Problems,
  request: CertificateSigningRequest,
  old: CertificateSigningRequest,
): void {
  checkConditions(problems, request, old);
  const certificate = certificateOf(request);
  if (certificate !== certificateOf(old)) checkCertificate(problems, certificate);
  for (const type of DECISIONS) {
    const [before, after] = [ofType(old, type), ofType(request, type)];
    if (after.length > before.length) {
      problems.forbidden(CONDITIONS, `updates may not add a condition of type ${JSON.stringify(type)}`);
    } else if (after.length === before.length && !equal(after, before)) {
      problems.forbidden(CONDITIONS, `updates may not modify a condition of type ${JSON.stringify(type)}`);
    }
  }
  if (certificateOf(old) !== '' && certificate !== certificateOf(old)) {
    problems.forbidden(CERTIFICATE, 'updates may not modify existing certificate content');
  }
}

function checkConditions(
  problems: Problems,
  request: CertificateSigningRequest,
  old: CertificateSigningRequest,
): void {
  const conditions = conditionsOf(request);
  conditions.forEach(({ type, status }, index) => {
    const field = `${CONDITIONS}[${index}]`;
    if (type === '') problems.required(`${field}.type`);
    const allowed = [...DECISIONS, 'Failed'].includes(type) ? ['True'] : ['False', 'True', 'Unknown'];
    if ((status as string | undefined) === undefined || (status as string) === '') {
      problems.required(`${field}.status`);
    } else problems.oneOf(`${field}.status`, status, allowed);
    const earlier = conditions.slice(0, index).map((condition) => condition.type);
    const other = DECISIONS.find((decision) => decision !== type) ?? '';
    if (DECISIONS.includes(type) && earlier.includes(other)) {
      problems.invalid(CONDITIONS, type, 'Approved and Denied conditions are mutually exclusive');
    }
    if (earlier.includes(type)) problems.duplicate(`${field}.type`, type);
  });
  for (const type of [...DECISIONS, 'Failed']) {
    if (ofType(request, type).length < ofType(old, type).length) {
      problems.forbidden(CONDITIONS, `updates may not remove a condition of type ${JSON.stringify(type)}`);
    }
  }
}

function checkCertificate(problems: Problems, certificate: string): void {
  const wrong = (why: string): void => problems.invalid(CERTIFICATE, '<certificate data>', why);
  const blocks = [
    ...Buffer.from(certificate, 'base64')
      .toString('latin1')
      .matchAll(/-----BEGIN ([A-Z0-9 ]+)-----[^]*?-----END \1-----/g),
  ];
  if (certificate !== '' && blocks.length === 0) wrong('must contain at least one CERTIFICATE PEM block');
  for (const [pem, type = ''] of blocks) {
    if (type !== 'CERTIFICATE') {
      wrong(`only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(type)}`);
      return;
    }
    try {
      new X509Certificate(pem);
    } catch (error) {
      wrong(messageOf(error));
      return;
    }
  }
}

function certificateOf({ status }: CertificateSigningRequest): string {
  return status?.certificate ?? '';
}

function conditionsOf({ status }: CertificateSigningRequest): readonly Condition[] {
  return status?.conditions ?? [];
}

function ofType(request: CertificateSigningRequest, type: string): readonly Condition[] {
  return conditionsOf(request).filter((condition) => condition.type === type);
}
