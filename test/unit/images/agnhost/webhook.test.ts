import { describe, expect, test } from '@jest/globals';
import { AgnhostLab, type Started } from './support.ts';

const CERTIFICATE = ['--tls-cert-file=/localhost.crt'];

/** Posts a body to a server over TLS from within its container. */
async function post(lab: AgnhostLab, server: Started, path: string, body: object): Promise<unknown> {
  const data = JSON.stringify(body).replaceAll("'", String.raw`'\''`);
  const command = `curl -sk -H 'content-type: application/json' -d '${data}' https://localhost${path}`;
  return JSON.parse((await lab.exec(server, command)).stdout);
}

async function review(path: string, request: object, args: string[] = []): Promise<Record<string, unknown>> {
  const lab = new AgnhostLab();
  const server = lab.start('hook', ['webhook', ...CERTIFICATE, ...args]);
  const body = {
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: { uid: 'u', ...request },
  };
  const answer = (await post(lab, server, path, body)) as { response: Record<string, unknown> };
  expect(answer).toMatchObject({
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    response: { uid: 'u' },
  });
  const { patch, ...rest } = answer.response;
  if (patch === undefined) return rest;
  return { ...rest, patch: JSON.parse(Buffer.from(patch as string, 'base64').toString()) as unknown };
}

const marked = (value: string) => ({ data: { 'webhook-e2e-test': value } });

describe('webhook', () => {
  test.each<[string, object, object]>([
    ['/always-deny', {}, { allowed: false, status: { message: 'this webhook denies all requests' } }],
    ['/always-allow-delay-5s', {}, { allowed: true }],
    [
      '/configmaps',
      { operation: 'CREATE', object: marked('webhook-disallow') },
      { allowed: false, status: { reason: 'the configmap contains unwanted key and value' } },
    ],
    ['/configmaps', { operation: 'DELETE', oldObject: marked('webhook-disallow') }, { allowed: true }],
    [
      '/custom-resource',
      { operation: 'DELETE', oldObject: marked('webhook-nondeletable') },
      { allowed: false, status: { reason: expect.stringContaining('custom resource cannot be deleted') } },
    ],
    [
      '/mutating-configmaps',
      { operation: 'CREATE', object: { data: { 'mutation-start': 'yes', 'mutation-stage-1': 'yes' } } },
      {
        allowed: true,
        patchType: 'JSONPatch',
        patch: [{ op: 'add', path: '/data/mutation-stage-2', value: 'yes' }],
      },
    ],
    [
      '/add-label',
      { object: { metadata: { labels: { 'added-label': 'no' } } } },
      { patch: [{ op: 'replace', path: '/metadata/labels/added-label', value: 'yes' }] },
    ],
    [
      '/pods',
      {
        object: {
          metadata: { labels: { 'webhook-e2e-test': 'webhook-disallow' } },
          spec: { containers: [{ name: 'a-webhook-disallow' }] },
        },
      },
      { status: { message: 'the pod contains unwanted label; the pod contains unwanted container name;' } },
    ],
    ['/mutating-pods-sidecar', { object: {} }, { allowed: false, status: { code: 500 } }],
    [
      '/pods/attach',
      { name: 'to-be-attached-pod', object: { stdin: true, container: 'container1' } },
      { allowed: false },
    ],
  ])('%s of %j', async (path, request, expected) => {
    expect(await review(path, request)).toMatchObject(expected);
  });

  test('what is no review is refused', async () => {
    const lab = new AgnhostLab();
    const server = lab.start('hook', ['webhook', ...CERTIFICATE]);
    const { stdout } = await lab.exec(
      server,
      'curl -sk -d x https://localhost/pods; curl -sk https://localhost/readyz',
    );
    expect(stdout).toBe('contentType=application/x-www-form-urlencoded, expect application/json\nok');
  });
});

test('crd-conversion-webhook converts both ways, and says why it cannot', async () => {
  const lab = new AgnhostLab();
  const server = lab.start('hook', ['crd-conversion-webhook', ...CERTIFICATE]);
  const convert = async (desiredAPIVersion: string, ...objects: object[]): Promise<unknown> => {
    const request = { uid: 'u', desiredAPIVersion, objects };
    const body = { kind: 'ConversionReview', apiVersion: 'apiextensions.k8s.io/v1', request };
    return ((await post(lab, server, '/crdconvert', body)) as { response: unknown }).response;
  };
  const [v1, v2] = ['stable.example.com/v1', 'stable.example.com/v2'];
  expect(await convert(v2, { apiVersion: v1, hostPort: 'a:80' }, { apiVersion: v1 })).toEqual({
    uid: 'u',
    convertedObjects: [{ apiVersion: v2, host: 'a', port: '80' }, { apiVersion: v2 }],
    result: { status: 'Success' },
  });
  expect(await convert(v1, { apiVersion: v2, host: 'a' })).toMatchObject({
    convertedObjects: [{ apiVersion: v1, hostPort: 'a:' }],
  });
  expect(await convert(v2, { apiVersion: v1, hostPort: 'a' })).toMatchObject({
    result: { status: 'Failed', message: 'invalid hostPort value `a`' },
  });
});
