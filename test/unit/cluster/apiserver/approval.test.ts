import { describe, expect, test } from '@jest/globals';
import { admissionPlugins } from '../../../../src/cluster/apiserver/admission/plugins.ts';
import type { AuthorizationAttributes } from '../../../../src/cluster/apiserver/pipeline.ts';
import { validateObject } from '../../../../src/cluster/apiserver/validation/validate.ts';
import { JANE, ROOT } from '../certificates/requests.ts';
import { openStages, send, startApiServer, type Answer, type Running } from './harness.ts';

const REQUESTS = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
const MERGE = { 'content-type': 'application/merge-patch+json' };
const TIME = '2026-11-22T10:00:00Z';
const CLIENT = 'kubernetes.io/kube-apiserver-client';

/** @param allowed what may be done with signers */
function started(allowed: (attributes: AuthorizationAttributes) => boolean = () => true): Running {
  const authorizer = {
    ...openStages.authorizer,
    authorize: (_user: unknown, attributes: AuthorizationAttributes) => ({
      allowed: attributes.resource !== 'signers' || allowed(attributes),
      reason: '',
    }),
  };
  return startApiServer((_webhooks, random) => ({
    authorizer,
    validateObject,
    admissionPlugins: admissionPlugins({ random, authorizer }),
  }));
}

function create(running: Running, spec: object = {}): Answer {
  return send(running, 'POST', REQUESTS, {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name: 'a' },
    spec: { request: JANE, signerName: CLIENT, usages: ['client auth'], username: 'somebody', ...spec },
    status: { conditions: [{ type: 'Approved', status: 'True' }] },
  });
}

function change(running: Running, part: 'approval' | 'status', status: object, spec = {}): Answer {
  return send(running, 'PATCH', `${REQUESTS}/a/${part}`, { status, spec }, MERGE);
}

const condition = (type: string) => ({ type, status: 'True', reason: 'test' });
const certificate = Buffer.from('-----BEGIN KEY-----\nAA==\n-----END KEY-----').toString('base64');

describe('a certificate signing request', () => {
  test('is that of its sender, and open', () => {
    const { body } = create(started());
    expect(body.spec).toMatchObject({ username: 'root', groups: ['system:masters'] });
    expect(body.status).toEqual({});
  });

  test('does not change', () => {
    const running = started();
    create(running);
    const { body } = send(running, 'PATCH', `${REQUESTS}/a`, { spec: { signerName: 'a.b/c' } }, MERGE);
    expect(body.spec.signerName).toBe(CLIENT);
  });

  test('cannot be for superusers', () => {
    expect(create(started(), { request: ROOT }).body.message).toBe(
      'certificatesigningrequests.certificates.k8s.io "a" is forbidden: use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed',
    );
    expect(create(started(), { request: ROOT, signerName: 'a.b/c' }).status).toBe(201);
  });

  test.each([
    [
      { request: 'cg==', signerName: 'a.b/c' },
      'spec.request: Invalid value: "cg==": PEM block type must be CERTIFICATE REQUEST',
    ],
    [{ usages: [] }, 'spec.usages: Required value'],
    [{ usages: ['client auth', 'client auth'] }, 'spec.usages[1]: Duplicate value: "client auth"'],
    [{ signerName: '' }, 'spec.signerName: Required value'],
    [
      { signerName: 'one' },
      'spec.signerName: Invalid value: "one": must be a fully qualified domain and path of the form \'example.com/signer-name\'',
    ],
    [
      { signerName: 'one/two' },
      'spec.signerName: Invalid value: "one": should be a domain with at least two segments separated by dots',
    ],
    [
      { signerName: 'kubernetes.io/legacy-unknown' },
      'spec.signerName: Invalid value: "kubernetes.io/legacy-unknown": the legacy signerName is not allowed via this API version',
    ],
    [
      { expirationSeconds: 599 },
      'spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 600 seconds (10 minutes)',
    ],
  ])('is refused with %j', (spec, why) => {
    expect(create(started(), spec).body.message).toBe(
      `CertificateSigningRequest.certificates.k8s.io "a" is invalid: ${why}`,
    );
  });
});

describe('its approval', () => {
  test('changes its conditions and nothing else', () => {
    const running = started();
    create(running);
    const { body } = change(
      running,
      'approval',
      { conditions: [condition('Approved')], certificate },
      { signerName: 'other.test/x' },
    );
    expect(body.spec.signerName).toBe(CLIENT);
    expect(body.status).toEqual({
      conditions: [{ ...condition('Approved'), lastUpdateTime: TIME, lastTransitionTime: TIME }],
    });
  });

  test('is for those that may approve for its signer, or for all of its domain', () => {
    const attempt = (name: string): Answer => {
      const running = started((asked) => asked.verb === 'approve' && asked.name === name);
      create(running);
      return change(running, 'approval', { conditions: [condition('Denied')] });
    };
    expect(attempt(CLIENT).status).toBe(200);
    expect(attempt('kubernetes.io/*').status).toBe(200);
    expect(attempt('other.io/*').body.message).toBe(
      'certificatesigningrequests.certificates.k8s.io "a" is forbidden: user not permitted to approve requests with signerName "kubernetes.io/kube-apiserver-client"',
    );
  });

  test('is a decision once', () => {
    const running = started();
    create(running);
    const both = { conditions: [condition('Approved'), condition('Denied')] };
    expect(change(running, 'approval', both).body.message).toContain(
      'Invalid value: "Denied": Approved and Denied conditions are mutually exclusive',
    );
    change(running, 'approval', { conditions: [condition('Approved')] });
    expect(change(running, 'approval', { conditions: [] }).body.message).toContain(
      'Forbidden: updates may not remove a condition of type "Approved"',
    );
  });
});

describe('its status', () => {
  test('is for those that may sign, and makes no decision', () => {
    const running = started(({ verb }) => verb !== 'sign');
    create(running);
    expect(change(running, 'status', { conditions: [condition('Failed')] }).body.message).toContain(
      'user not permitted to sign requests with signerName "kubernetes.io/kube-apiserver-client"',
    );
    const other = started();
    create(other);
    expect(change(other, 'status', { conditions: [condition('Approved')] }).body.message).toContain(
      'Forbidden: updates may not add a condition of type "Approved"',
    );
    expect(change(other, 'status', { conditions: [condition('Failed')] }).body.status.conditions).toEqual([
      { ...condition('Failed'), lastUpdateTime: TIME, lastTransitionTime: TIME },
    ]);
  });

  test('takes certificates only', () => {
    const running = started();
    create(running);
    expect(change(running, 'status', { certificate }).body.message).toContain(
      'status.certificate: Invalid value: "<certificate data>": only CERTIFICATE PEM blocks are allowed, found "KEY"',
    );
    expect(change(running, 'status', { certificate: 'cg==' }).body.message).toContain(
      'must contain at least one CERTIFICATE PEM block',
    );
  });
});
