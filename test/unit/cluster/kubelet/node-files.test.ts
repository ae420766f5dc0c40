import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { resources } from '../../../../src/model/resources.ts';
import { container, Lab } from './lab.ts';

const volumes = [{ name: 'host', hostPath: { path: '/', type: '' } }];
const volumeMounts = [{ name: 'host', mountPath: '/host' }];
const collector = { volumes, containers: [container(['forever'], { volumeMounts })] };

describe('files of a node that pods mount', () => {
  test('logs of containers, as containerd writes them, by pod and run', async () => {
    const lab = new Lab();
    lab.create('web', { containers: [container(['exit', '1', '2000', 'hello'])] });
    lab.create('collector', collector);
    await lab.seconds(30);
    const { uid } = lab.pod('web').metadata;
    const { restartCount } = lab.status('web');
    expect(restartCount).toBeGreaterThan(0);
    const log = `/host/var/log/pods/shop_web_${uid}/c/${restartCount}.log`;
    expect(await lab.exec('collector', ['cat', log])).toMatch(
      /^2026-01-01T00:00:\d\d\.\d{6}000Z stdout F hello\n$/,
    );
    const before = `/host/var/log/pods/shop_web_${uid}/c/${restartCount - 1}.log`;
    expect(await lab.exec('collector', ['cat', before])).toContain('stdout F hello\n');
    expect(await lab.exec('collector', ['cat', '/host/var/log/pods/none'])).toContain('ENOENT');
  });

  test('there is nothing left of a pod that is gone', async () => {
    const lab = new Lab();
    lab.create('web', { containers: [container(['env'])] });
    lab.create('collector', collector);
    await lab.seconds(10);
    const log = `/host/var/log/pods/shop_web_${lab.pod('web').metadata.uid}/c/0.log`;
    expect(await lab.exec('collector', ['cat', log])).toContain('stdout F HOSTNAME=web\n');
    lab.api.delete(resources.pods, 'shop', 'web');
    await lab.seconds(60);
    expect(await lab.exec('collector', ['cat', log])).toContain('ENOENT');
  });

  test('its name, its name servers, what its system has, and the manifests of static pods', async () => {
    const spec = { ...lab().pod('collector').spec, volumes: [] };
    const staticPod = { name: 'etcd', namespace: 'kube-system', labels: { tier: 'control-plane' }, spec };
    const node = lab({ staticPods: [staticPod], systemFiles: { '/kind/version': 'v1' } });
    await node.seconds(10);
    const cat = (path: string): Promise<string> => node.exec('collector', ['cat', `/host${path}`]);
    expect(await cat('/etc/hostname')).toBe('lab-worker\n');
    expect(await cat('/etc/resolv.conf')).toBe('nameserver 172.18.0.1\noptions ndots:0\n');
    expect(await cat('/kind/version')).toBe('v1');
    expect(parse(await cat('/etc/kubernetes/manifests/etcd.yaml'))).toMatchObject({
      kind: 'Pod',
      metadata: { name: 'etcd', labels: { tier: 'control-plane' } },
      spec: { restartPolicy: 'Always' },
    });
  });
});

function lab(options: ConstructorParameters<typeof Lab>[0] = {}): Lab {
  const made = new Lab(options);
  made.create('collector', collector);
  return made;
}
