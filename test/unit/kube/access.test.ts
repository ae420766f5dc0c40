import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BreakfixError } from '../../../src/core/errors.ts';
import { readAccess } from '../../../src/kube/access.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'access-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const kubeconfig = (cluster: object, user: object | null, context = 'here'): string =>
  `# a kubeconfig\n${JSON.stringify({
    'current-context': context,
    contexts: [
      { name: 'there', context: { cluster: 'none', user: 'none' } },
      { name: 'here', context: { cluster: 'c', user: 'u' } },
    ],
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user }],
  })}\n`;
const server = 'https://h:6443';
const data = (text: string): string => Buffer.from(text).toString('base64');

describe('what a kubeconfig says', () => {
  test('certificates inside, with the slash at the server cut off', async () => {
    const access = await readAccess(
      kubeconfig(
        { server: `${server}/`, 'certificate-authority-data': data('CA'), 'tls-server-name': 'name' },
        { 'client-certificate-data': data('CERT'), 'client-key-data': data('KEY') },
      ),
    );
    expect(access.server).toBe(server);
    expect(access.tls).toEqual({
      ca: Buffer.from('CA'),
      cert: Buffer.from('CERT'),
      key: Buffer.from('KEY'),
      servername: 'name',
    });
    expect(await access.headers()).toEqual({});
  });

  test('files are looked for beside the kubeconfig', async () => {
    writeFileSync(join(folder, 'ca.crt'), 'CA');
    writeFileSync(join(folder, 'token'), 'abc\n');
    const path = join(folder, 'config');
    writeFileSync(path, kubeconfig({ server, 'certificate-authority': 'ca.crt' }, { tokenFile: 'token' }));
    const access = await readAccess(path);
    expect(access.tls).toEqual({ ca: Buffer.from('CA') });
    expect(await access.headers()).toEqual({ authorization: 'Bearer abc' });
    writeFileSync(join(folder, 'token'), 'new\n');
    expect(await access.headers()).toEqual({ authorization: 'Bearer new' });
  });

  test.each([
    [{ token: 't' }, 'Bearer t'],
    [{ username: 'a', password: 'b' }, `Basic ${data('a:b')}`],
  ])('%j', async (user, authorization) => {
    const access = await readAccess(kubeconfig({ server, 'insecure-skip-tls-verify': true }, user));
    expect(await access.headers()).toEqual({ authorization });
    expect(access.tls).toEqual({ rejectUnauthorized: false });
  });
});

describe('what cannot be used', () => {
  test.each([
    ['a context that is not there', kubeconfig({ server }, {}, 'gone'), 'no context "gone"'],
    ['a cluster that is not there', kubeconfig({ server }, {}, 'there'), 'no server for the cluster "none"'],
    ['a proxy', kubeconfig({ server, 'proxy-url': 'http://p' }, {}), 'proxy-url is not supported'],
    ['nothing', '\n\n', 'no context ""'],
    ['no YAML', 'a: [\nb', 'cannot be used'],
    ['no file', '/nowhere/config', 'no such file'],
  ])('%s', async (_name, source, message) => {
    const error = await readAccess(source).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BreakfixError);
    expect(error).toMatchObject({ kind: 'user', code: 'KUBECONFIG_INVALID' });
    expect((error as Error).message).toContain(message);
  });

  test('a user without credentials is nobody', async () => {
    const access = await readAccess(kubeconfig({ server }, null));
    expect(access.tls).toEqual({});
    expect(await access.headers()).toEqual({});
  });
});
