import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { renderKubeconfig } from '../../../../src/cluster/wire/kubeconfig.ts';

const options = {
  cluster: 'lab',
  user: 'kubernetes-admin',
  server: 'https://127.0.0.1:40123',
  ca: 'CA',
  clientCertificate: 'CERT'.repeat(100),
  clientKey: 'KEY',
};

test('a kubeconfig has everything inside and one current context', () => {
  const text = renderKubeconfig({ ...options, namespace: 'shop' });
  const base64 = (content: string): string => Buffer.from(content).toString('base64');
  expect(parse(text)).toEqual({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'lab',
        cluster: { server: 'https://127.0.0.1:40123', 'certificate-authority-data': base64('CA') },
      },
    ],
    users: [
      {
        name: 'kubernetes-admin',
        user: {
          'client-certificate-data': base64('CERT'.repeat(100)),
          'client-key-data': base64('KEY'),
        },
      },
    ],
    contexts: [
      {
        name: 'kubernetes-admin@lab',
        context: { cluster: 'lab', user: 'kubernetes-admin', namespace: 'shop' },
      },
    ],
    'current-context': 'kubernetes-admin@lab',
    preferences: {},
  });
});

test('without a namespace the context names none', () => {
  expect(renderKubeconfig(options)).not.toContain('namespace');
});
