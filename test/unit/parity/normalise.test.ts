import { describe, expect, test } from '@jest/globals';
import { normalise, patterns } from '../../parity/normalise.ts';

/** Of each pattern: a text that it changes, what comes of it, and a text that looks like it and stays. */
const examples: Readonly<Record<string, readonly [from: string, to: string, stays: string]>> = {
  'folders of kubectl diff': [
    'diff -u -N /tmp/LIVE-12345678/a /tmp/MERGED-45/a',
    'diff -u -N /tmp/LIVE-<n>/a /tmp/MERGED-<n>/a',
    '/tmp/a-1',
  ],
  tokens: ['token: eyJhbGci.eyJpc3Mi.c2ln-_', 'token: <token>', 'eyJhbGci is no token'],
  certificates: [
    'a\n-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\nb',
    'a\n<certificate>b',
    '-----BEGIN CERTIFICATE-----',
  ],
  'certificates in base64': [
    'caBundle: LS0tLS1CRUdJTiBDRVJU+/=',
    'caBundle: <certificate>',
    'caBundle: bm90aGluZw==',
  ],
  "headers of kubectl's own log": [
    'W1126 09:10:11.123456   12345 warnings.go:70] old',
    'W warnings.go] old',
    'E is not a header:70]',
  ],
  'points in time, as in objects': [
    'at "2026-11-26T09:10:11Z", 2026-11-26T09:10:11.123456Z',
    'at "<time>", <time>',
    '2026-11-26',
  ],
  'points in time, as describe prints them': [
    'Start Time:  Thu, 26 Nov 2026 09:10:11 +0000',
    'Start Time:  <time>',
    'Thu, 26 Nov',
  ],
  'points in time, as Go and diff print them': [
    '--- a\t2026-11-26 09:10:11.123456789 +0000\n2026-11-26 09:10:11 +0000 UTC',
    '--- a\t<time>\n<time>',
    '2026-11-26 09:10:11',
  ],
  uids: ['uid: 0f0e0d0c-1234-5678-9abc-def012345678', 'uid: <uid>', 'uid: 0f0e0d0c-1234'],
  'images in a status: an id, or the name that the node knew first': [
    `    Image ID:  docker.io/library/import@sha256:${'a'.repeat(64)}\n    image: docker.io/library/busybox:1.37`,
    '    Image ID:  <image>\n    image: <image>',
    '    Image:  busybox:1.37',
  ],
  'ids of containers': [
    `containerd://${'0123456789abcdef'.repeat(4)}`,
    'containerd://<id>',
    'containerd://0123456789abcdef',
  ],
  'names of events': ['web.18a2b3c4d5e6f708', 'web.<event>', 'web.18a2b3c4d5e6f70'],
  "minutes in the names of a CronJob's Jobs": [
    'job.batch/nightly-29401234',
    'job.batch/nightly-<minute>',
    'nightly-2940',
  ],
  'generated names of pods': [
    'pod/web-6d4cf56db6-x2x4z created',
    'pod/web-<hash>-<id> created',
    'web-canary-blue',
  ],
  'hashes of templates in names': [
    'replicaset.apps/web-6d4cf56db6',
    'replicaset.apps/web-<hash>',
    'web-frontends',
  ],
  'hashes of templates in prefixes of names': [
    'generateName: web-6d4cf56db6-',
    'generateName: web-<hash>-',
    'generateName: web-frontends-',
  ],
  'ends of generated names': ['pod/agent-x2x4z', 'pod/agent-<id>', 'pod/agent-red, web-0, data-web-1'],
  'hashes of templates in labels': [
    'pod-template-hash=6d4cf56db6,a=b\n"controller-revision-hash": "5c6b7d"',
    'pod-template-hash=<hash>,a=b\n"controller-revision-hash": "<hash>"',
    'app=web',
  ],
  'names of nodes': [
    'on breakfix-parity-1-worker2, parity-control-plane',
    'on <worker2>, <control-plane>',
    'a worker of the control-plane',
  ],
  'addresses of pods, Services and nodes': [
    '10.244.1.7 10.96.200.1:80 172.18.0.2',
    '<ip> <ip>:80 <ip>',
    '10.0.0.1 192.168.0.1 10.96.0.0/16 127.0.0.1',
  ],
  'ports of this machine': ['https://127.0.0.1:38123/x', 'https://127.0.0.1:<port>/x', '127.0.0.1:80'],
  'ports of clients': [
    'read tcp 10.244.1.7:41234->10.244.1.9:80: reset',
    'read tcp <ip>:<port>-><ip>:80: reset',
    '<ip>:80 -> 80',
  ],
  'node ports in tables': [
    '80:31234/TCP,443:32000/TCP',
    '80:<node-port>/TCP,443:<node-port>/TCP',
    '80/TCP, 8031234/TCP',
  ],
  'node ports in objects': ['    nodePort: 31234', '    nodePort: <node-port>', '    port: 31234'],
  'node ports of describe': [
    'NodePort:  http  31234/TCP',
    'NodePort:  http  <node-port>/TCP',
    'Port:  http  31234/TCP',
  ],
  revisions: [
    'resourceVersion: "123"\n{"resourceVersion":"45"}',
    'resourceVersion: <revision>\n{"resourceVersion":<revision>}',
    'revision: "2"',
  ],
  'tokens of the next page': [
    '{"continue":"eyJ2IjoibWV0YS5rOHMuaW8vdjEi","remainingItemCount":3}',
    '{"continue":<continue>,"remainingItemCount":3}',
    'continue: no',
  ],
  'how long a pull took, and its size': [
    'Successfully pulled image "a" in 1.2s (300ms including waiting). Image size: 123 bytes.',
    'Successfully pulled image "a" in <duration>.',
    'in 1.2s',
  ],
  'ages and durations': [
    'web  5s\nweb  2m30s\nweb  12m\nweb  3h5m (2d3h ago)',
    'web  <age>\nweb  <age>\nweb  <age>\nweb  <age> (<age> ago)',
    'delay=5s for 300s, back-off 10s restarting; cpu  100m  200m; 5sx',
  ],
  'how often and since when': [
    'Warning  BackOff  5s (x3 over 2m)  kubelet',
    'Warning  BackOff  <age>  kubelet',
    '(x3 over all)',
  ],
  'widths of columns': ['NAME     AGE', 'NAME  AGE', '    indented: by four\n+    added'],
  'blanks at the end': ['a  \nb\t', 'a\nb', ' a'],
};

describe('every pattern', () => {
  test('has examples', () => {
    expect(Object.keys(examples)).toEqual(patterns.map(({ name }) => name));
  });

  test.each(patterns.map((pattern) => [pattern.name, pattern] as const))('%s', (name, { find, put }) => {
    const [from, to, stays] = examples[name] ?? ['', '?', ''];
    expect(normalise(from)).toBe(to);
    expect(stays.replaceAll(find, put)).toBe(stays);
    // No other pattern does the same.
    expect(
      normalise(
        from,
        patterns.filter((pattern) => pattern.name !== name),
      ),
    ).not.toBe(to);
  });
});

test('what is normalised stays as it is when it is normalised again', () => {
  for (const [from] of Object.values(examples)) expect(normalise(normalise(from))).toBe(normalise(from));
});

test('a minute of digits that names of pods may have is a minute', () => {
  expect(normalise('job.batch/nightly-29664592')).toBe('job.batch/nightly-<minute>');
});

test('counts of probes and words of events are not chance', () => {
  for (const line of [
    'Liveness:  http-get http://:8080/healthz delay=0s timeout=1s period=10s #success=1 #failure=3',
    'back-off 5m0s restarting failed container=web pod=web_default(<uid>)',
    'web  0/1  CrashLoopBackOff  5',
    'Restart Count:  3',
    'Exit Code:  137',
    'requests.cpu  100m  1',
    'must be less than or equal to 253',
  ])
    expect(normalise(line)).toBe(line);
});
