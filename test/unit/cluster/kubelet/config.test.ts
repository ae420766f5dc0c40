import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { expand } from '../../../../src/cluster/kubelet/expansion.ts';
import { hostsFileOf, resolvConfOf } from '../../../../src/cluster/kubelet/resolv-conf.ts';
import type { Pod, PodSpec } from '../../../../src/model/objects.ts';
import { resources } from '../../../../src/model/resources.ts';
import { container, image, Lab, programs } from './lab.ts';

function configMap(lab: Lab, name: string, data: Record<string, string>): void {
  lab.api.create(resources.configMaps, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'shop' },
    data,
  });
}

function secret(lab: Lab, name: string, data: Record<string, string>): void {
  const encoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
  lab.api.create(resources.secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: 'shop' },
    type: 'Opaque',
    data: Object.fromEntries(encoded) as Record<string, string>,
  });
}

function service(lab: Lab, namespace: string, name: string, clusterIP: string): void {
  lab.api.create(resources.services, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: {
      type: 'ClusterIP',
      clusterIP,
      sessionAffinity: 'None',
      ports: [
        { name: 'http', port: 80, targetPort: 8080, protocol: 'TCP' },
        { name: 'm', port: 81, targetPort: 81, protocol: 'TCP' },
      ],
    },
  });
}

async function environment(lab: Lab): Promise<Record<string, string>> {
  await lab.seconds(3);
  const lines = lab.logs('web').trimEnd().split('\n');
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

describe('expansion', () => {
  const known = (name: string): string | undefined => ({ A: '1', B: '$(A)' })[name];
  test.each([
    ['$(A)-$(A)', '1-1'],
    ['$$(A)', '$(A)'],
    ['$(NO)', '$(NO)'],
    ['$(B)', '$(A)'],
    ['$A $', '$A $'],
    ['$(A', '$(A'],
    ['$$$(A)', '$1'],
  ])('%s', (text, expected) => {
    expect(expand(text, known)).toBe(expected);
  });

  test('what doubles with every variable does not reach containerd', async () => {
    const lab = new Lab();
    const env = [{ name: 'A0', value: 'x'.repeat(10) }];
    for (let index = 1; index <= 60; index++) {
      env.push({ name: `A${index}`, value: `$(A${index - 1})$(A${index - 1})` });
    }
    lab.create('web', { containers: [container(['forever'], { env })] });
    await lab.seconds(4);
    expect(lab.status('web').state.waiting).toEqual({
      reason: 'CreateContainerError',
      message:
        'rpc error: code = ResourceExhausted desc = grpc: received message larger than max (20971563 vs. 16777216)',
    });
  });

  test('leaves text without references alone', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !text.includes('$')),
        (text) => expand(text, known) === text,
      ),
    );
  });
});

describe('environment', () => {
  test('values, references, fields, resources, services and the image', async () => {
    const lab = new Lab();
    service(lab, 'default', 'kubernetes', '10.96.0.1');
    service(lab, 'shop', 'my-db', '10.96.7.7');
    configMap(lab, 'cm', { key: 'from-map', other: 'x' });
    secret(lab, 's', { password: 'p w' });
    lab.store.add(
      'docker.io/library/env:1',
      image(programs, { config: { env: { FROM_IMAGE: 'i', A: 'i' } } }),
    );
    lab.create(
      'web',
      {
        serviceAccountName: 'sa',
        containers: [
          container(['env'], {
            image: 'env:1',
            resources: { requests: { memory: '1500Ki' } },
            envFrom: [
              { prefix: 'P_', configMapRef: { name: 'cm' } },
              { secretRef: { name: 'no', optional: true } },
            ],
            env: [
              { name: 'A', value: 'x' },
              { name: 'B', value: '$(A)-$(MY_DB_SERVICE_HOST)-$(NO)' },
              { name: 'CM', valueFrom: { configMapKeyRef: { name: 'cm', key: 'key' } } },
              { name: 'NONE', valueFrom: { configMapKeyRef: { name: 'cm', key: 'no', optional: true } } },
              { name: 'S', valueFrom: { secretKeyRef: { name: 's', key: 'password' } } },
              { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
              { name: 'L', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
              { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
              {
                name: 'MEM',
                valueFrom: { resourceFieldRef: { resource: 'requests.memory', divisor: '1Mi' } },
              },
            ],
          }),
        ],
      },
      { labels: { app: 'w' } },
    );
    const env = await environment(lab);
    expect(env).toMatchObject({
      A: 'x',
      B: 'x-10.96.7.7-$(NO)',
      CM: 'from-map',
      S: 'p w',
      IP: '10.244.1.2',
      L: 'w',
      CPU: '2',
      MEM: '2',
      P_key: 'from-map',
      P_other: 'x',
      FROM_IMAGE: 'i',
      HOSTNAME: 'web',
      KUBERNETES_SERVICE_HOST: '10.96.0.1',
      MY_DB_SERVICE_HOST: '10.96.7.7',
      MY_DB_SERVICE_PORT: '80',
      MY_DB_SERVICE_PORT_M: '81',
      MY_DB_PORT: 'tcp://10.96.7.7:80',
      MY_DB_PORT_81_TCP: 'tcp://10.96.7.7:81',
      MY_DB_PORT_81_TCP_ADDR: '10.96.7.7',
    });
    expect(env['PATH']).toContain('/usr/local/bin');
    expect('NONE' in env).toBe(false);
  });

  test('enableServiceLinks: false leaves the API only', async () => {
    const lab = new Lab();
    service(lab, 'default', 'kubernetes', '10.96.0.1');
    service(lab, 'shop', 'my-db', '10.96.7.7');
    lab.create('web', { enableServiceLinks: false, containers: [container(['env'])] });
    const env = await environment(lab);
    expect(env['KUBERNETES_SERVICE_HOST']).toBe('10.96.0.1');
    expect(env['MY_DB_SERVICE_HOST']).toBeUndefined();
  });

  test.each([
    [{ envFrom: [{ configMapRef: { name: 'nosuch' } }] }, 'configmap "nosuch" not found'],
    [{ envFrom: [{ secretRef: { name: 'nosuch' } }] }, 'secret "nosuch" not found'],
    [
      { env: [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'cm', key: 'k' } } }] },
      "couldn't find key k in ConfigMap shop/cm",
    ],
    [
      { env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] },
      "couldn't find key k in Secret shop/s",
    ],
    [
      { securityContext: { runAsNonRoot: true } },
      'container has runAsNonRoot and image will run as root (pod: "web_shop(UID)", container: c)',
    ],
    [
      { securityContext: { runAsNonRoot: true, runAsUser: 0 } },
      `container's runAsUser breaks non-root policy (pod: "web_shop(UID)", container: c)`,
    ],
  ])('CreateContainerConfigError %#', async (more, message) => {
    const lab = new Lab();
    configMap(lab, 'cm', { a: '1' });
    secret(lab, 's', { a: '1' });
    lab.create('web', { containers: [container(['forever'], more)] });
    await lab.seconds(4);
    const text = message.replace('UID', lab.pod('web').metadata.uid);
    expect(lab.status('web').state.waiting).toEqual({ reason: 'CreateContainerConfigError', message: text });
    expect(lab.events('web')).toContain(`Warning Failed c: Error: ${text} x2`);
    expect(lab.pod('web').status.phase).toBe('Pending');
  });
});

describe('volumes', () => {
  test('a missing ConfigMap is retried; the pod starts once it is there', async () => {
    const lab = new Lab();
    lab.create('web', {
      volumes: [{ name: 'cfg', configMap: { name: 'late' } }],
      containers: [container(['forever'], { volumeMounts: [{ name: 'cfg', mountPath: '/etc/cfg' }] })],
    });
    await lab.seconds(40);
    // At 0, 0.5, 1.5, 3.5, 7.5, 15.5 and 31.5 s, as recorded on a real cluster.
    expect(lab.events('web')).toEqual([
      'Warning FailedMount: MountVolume.SetUp failed for volume "cfg" : configmap "late" not found x7',
    ]);
    expect(lab.status('web').state.waiting?.reason).toBe('ContainerCreating');
    configMap(lab, 'late', { a: '1' });
    await lab.seconds(30);
    expect(lab.status('web').state.running).toBeDefined();
    expect(await lab.exec('web', ['cat', '/etc/cfg/a'])).toBe('1');
  });

  test('changes of a ConfigMap reach files with the next sync, but no subPath', async () => {
    const lab = new Lab();
    configMap(lab, 'cm', { a: 'old', b: 'x' });
    lab.create('web', {
      volumes: [{ name: 'cfg', configMap: { name: 'cm' } }],
      containers: [
        container(['forever'], {
          volumeMounts: [
            { name: 'cfg', mountPath: '/etc/cfg' },
            { name: 'cfg', mountPath: '/sub/a', subPath: 'a' },
          ],
        }),
      ],
    });
    await lab.seconds(5);
    const map = lab.api.get(resources.configMaps, 'shop', 'cm');
    if (map === undefined) throw new Error('no ConfigMap');
    lab.api.update(resources.configMaps, { ...map, data: { a: 'new', c: 'y' } });
    await lab.seconds(20);
    expect(await lab.exec('web', ['cat', '/etc/cfg/a', '/sub/a'])).toBe('oldold');
    await lab.seconds(75);
    expect(await lab.exec('web', ['cat', '/etc/cfg/a', '/sub/a', '/etc/cfg/c'])).toBe('newoldy');
    expect(await lab.exec('web', ['cat', '/etc/cfg/b'])).toContain('"code"');
  });

  test('what is in memory may be written by everybody, removed by owners only', async () => {
    const lab = new Lab();
    configMap(lab, 'cm', { a: '1' });
    const item = { path: 'annotations', fieldRef: { fieldPath: 'metadata.annotations' } };
    lab.create('web', {
      volumes: [
        { name: 'memory', emptyDir: { medium: 'Memory' } },
        { name: 'disk', emptyDir: {} },
        { name: 'map', configMap: { name: 'cm' } },
        { name: 'fields', downwardAPI: { items: [item] } },
      ],
      containers: [
        container(['forever'], {
          volumeMounts: ['memory', 'disk', 'map', 'fields'].map((name) => ({ name, mountPath: `/${name}` })),
        }),
      ],
    });
    await lab.seconds(4);
    const modes = ['/memory', '/disk', '/map', '/fields'].map((path) => lab.exec('web', ['mode', path]));
    expect(await Promise.all(modes)).toEqual(['1777', '777', '777', '1777']);
    expect(await lab.exec('web', ['cat', '/fields/annotations'])).toMatch(
      /^kubernetes\.io\/config\.seen="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z"\nkubernetes\.io\/config\.source="api"$/m,
    );
  });

  test('who is in the group of the pod may read what only the owner was to read', async () => {
    const lab = new Lab();
    secret(lab, 's', { pw: 'hunter2' });
    const items = [{ key: 'pw', path: 'deep/pw' }];
    lab.create('web', {
      securityContext: { runAsUser: 1000, fsGroup: 2000 },
      volumes: [{ name: 's', secret: { secretName: 's', items, defaultMode: 0o400 } }],
      containers: [container(['forever'], { volumeMounts: [{ name: 's', mountPath: '/s' }] })],
    });
    await lab.seconds(3);
    expect(await lab.exec('web', ['cat', '/s/deep/pw'])).toBe('hunter2');
    expect(await lab.exec('web', ['mode', '/s/deep/pw'])).toBe('440');
    expect(await lab.exec('web', ['mode', '/s/deep'])).toBe('2755');
  });

  test('the folders of a subPath may be written by whom the volume may be', async () => {
    const lab = new Lab();
    const volumeMounts = [
      { name: 'memory', mountPath: '/memory', subPath: 'a/b' },
      { name: 'disk', mountPath: '/disk', subPath: 'c' },
    ];
    lab.create('web', {
      securityContext: { runAsUser: 1000 },
      volumes: [
        { name: 'memory', emptyDir: { medium: 'Memory' } },
        { name: 'disk', emptyDir: {} },
      ],
      containers: [container(['forever'], { volumeMounts })],
    });
    await lab.seconds(3);
    const modes = ['/memory', '/disk'].map((path) => lab.exec('web', ['mode', path]));
    expect(await Promise.all(modes)).toEqual(['777', '777']);
    expect(await lab.exec('web', ['write', '/disk/f', 'mine'])).toBe('');
  });

  test('a limit of some bytes has no room for a Secret', async () => {
    const lab = new Lab();
    secret(lab, 's', { a: '1', b: '2' });
    lab.create('web', {
      volumes: [{ name: 's', secret: { secretName: 's' } }],
      containers: [container(['forever'], { resources: { limits: { memory: '128m' } } })],
    });
    await lab.seconds(1);
    expect(lab.events('web')[0]).toMatch(
      /^Warning FailedMount: MountVolume.SetUp failed for volume "s" : write \/var\/lib\/kubelet\/pods\/[\da-z-]+\/volumes\/kubernetes.io~secret\/s\/\.\.[\d_.]+\/b: no space left on device$/,
    );
  });

  test('no driver for an inline volume', async () => {
    const lab = new Lab();
    lab.create('web', {
      volumes: [{ name: 'v', csi: { driver: 'none.example' } }],
      containers: [container(['forever'])],
    });
    await lab.seconds(1);
    expect(lab.events('web')[0]).toBe(
      'Warning FailedMount: MountVolume.SetUp failed for volume "v" : kubernetes.io/csi: mounter.SetUpAt failed to get CSI client: driver name none.example not found in the list of registered CSI drivers x2',
    );
  });

  test('projected: token, root certificate and namespace; the token is renewed', async () => {
    const lab = new Lab();
    configMap(lab, 'kube-root-ca.crt', { 'ca.crt': 'PEM' });
    lab.create('web', {
      serviceAccountName: 'sa',
      volumes: [
        {
          name: 'api',
          projected: {
            sources: [
              { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
              { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
              {
                downwardAPI: {
                  items: [{ path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } }],
                },
              },
            ],
          },
        },
      ],
      containers: [
        container(['forever'], { volumeMounts: [{ name: 'api', mountPath: '/sa', readOnly: true }] }),
      ],
    });
    await lab.seconds(4);
    expect(await lab.exec('web', ['cat', '/sa/token', '/sa/ca.crt', '/sa/namespace'])).toBe(
      'token-1-sa-PEMshop',
    );
    await lab.seconds(3000);
    expect(await lab.exec('web', ['cat', '/sa/token'])).toBe('token-2-sa-');
    expect(lab.status('web').volumeMounts).toEqual([
      { name: 'api', mountPath: '/sa', readOnly: true, recursiveReadOnly: 'Disabled' },
    ]);
  });

  test('emptyDir is shared and survives restarts; a claim survives the pod', async () => {
    const lab = new Lab();
    lab.api.create(resources.persistentVolumes, {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: 'pv' },
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        persistentVolumeReclaimPolicy: 'Delete',
        volumeMode: 'Filesystem',
        hostPath: { path: '/var/local-path-provisioner/pv', type: 'DirectoryOrCreate' },
      },
    });
    lab.api.create(resources.persistentVolumeClaims, {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data', namespace: 'shop' },
      spec: { accessModes: ['ReadWriteOnce'], resources: {}, volumeName: 'pv', volumeMode: 'Filesystem' },
    });
    const spec: Partial<PodSpec> = {
      volumes: [
        { name: 'data', persistentVolumeClaim: { claimName: 'data' } },
        { name: 'tmp', emptyDir: {} },
      ],
      containers: [
        container(['forever'], {
          volumeMounts: [
            { name: 'data', mountPath: '/data' },
            { name: 'tmp', mountPath: '/tmp/x' },
          ],
        }),
      ],
    };
    lab.create('web', spec);
    await lab.seconds(4);
    await lab.exec('web', ['write', '/data/f', 'kept']);
    await lab.exec('web', ['write', '/tmp/x/f', 'lost']);
    lab.api.delete(resources.pods, 'shop', 'web');
    await lab.seconds(4);
    lab.create('web', spec);
    await lab.seconds(4);
    expect(await lab.exec('web', ['cat', '/data/f'])).toBe('kept');
    expect(await lab.exec('web', ['cat', '/tmp/x/f'])).toContain('"code"');
  });

  test.each([
    ['$(UNSET)/x', 'missing value for UNSET'],
    ['$(SLASH)', 'error SubPath `/tmp` must not be an absolute path'],
    ['a/$(UP)', "unable to provision SubPath `a/..`: must not contain '..'"],
  ])('a path in a volume out of variables: %s', async (subPathExpr, message) => {
    const lab = new Lab();
    const env = [
      { name: 'SLASH', value: '/tmp' },
      { name: 'UP', value: '..' },
    ];
    const volumeMounts = [{ name: 'data', mountPath: '/data', subPathExpr }];
    const volumes = [{ name: 'data', emptyDir: {} }];
    lab.create('web', { volumes, containers: [container(['forever'], { env, volumeMounts })] });
    await lab.seconds(3);
    expect(lab.status('web').state).toEqual({ waiting: { reason: 'CreateContainerConfigError', message } });
  });

  test('kernel settings of the pod; those that reach beyond it are refused', async () => {
    const lab = new Lab();
    const sysctls = [
      { name: 'kernel.shm_rmid_forced', value: '1' },
      { name: 'net.ipv4.ip_local_port_range', value: '1024 65000' },
    ];
    lab.create('web', { securityContext: { sysctls }, containers: [container(['forever'])] });
    lab.create('bad', {
      securityContext: { sysctls: [...sysctls, { name: 'kernel.msgmax', value: '1' }] },
      containers: [container(['forever'])],
    });
    await lab.seconds(3);
    expect(await lab.exec('web', ['cat', '/proc/sys/kernel/shm_rmid_forced'])).toBe('1\n');
    const range = '/proc/sys/net/ipv4/ip_local_port_range';
    expect(await lab.exec('web', ['cat', range])).toBe('1024\t65000\n');
    expect(lab.pod('bad').status).toMatchObject({
      phase: 'Failed',
      reason: 'SysctlForbidden',
      message: 'Pod was rejected: forbidden sysctl: "kernel.msgmax" not allowlisted',
    });
    // The kubelet has said nothing else of it.
    expect(lab.pod('bad').status.conditions).toBeUndefined();
  });

  test('a secret key that does not exist, and a host path of the wrong kind', async () => {
    const lab = new Lab();
    secret(lab, 's', { a: '1' });
    lab.create('web', {
      volumes: [
        { name: 's', secret: { secretName: 's', items: [{ key: 'no', path: 'x' }] } },
        { name: 'h', hostPath: { path: '/etc/nosuch', type: 'Directory' } },
      ],
      containers: [container(['forever'])],
    });
    await lab.seconds(0.4);
    expect(lab.events('web')).toEqual([
      'Warning FailedMount: MountVolume.SetUp failed for volume "s" : references non-existent secret key: no',
      'Warning FailedMount: MountVolume.SetUp failed for volume "h" : hostPath type check failed: /etc/nosuch is not a directory',
    ]);
  });
});

describe('/etc/resolv.conf and /etc/hosts', () => {
  const node = { nameservers: ['172.18.0.1'], searches: ['lan'], options: ['ndots:0'] };
  const cluster = { ip: '10.96.0.10', domain: 'cluster.local' };
  const podWith = (spec: Partial<PodSpec>): Pod =>
    ({ metadata: { name: 'web', namespace: 'shop' }, spec: { dnsPolicy: 'ClusterFirst', ...spec } }) as Pod;

  test.each<[Partial<PodSpec>, string]>([
    [
      {},
      'search shop.svc.cluster.local svc.cluster.local cluster.local lan\nnameserver 10.96.0.10\noptions ndots:5\n',
    ],
    [{ dnsPolicy: 'Default' }, 'search lan\nnameserver 172.18.0.1\noptions ndots:0\n'],
    [{ hostNetwork: true }, 'search lan\nnameserver 172.18.0.1\noptions ndots:0\n'],
    [
      { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' },
      'search shop.svc.cluster.local svc.cluster.local cluster.local lan\nnameserver 10.96.0.10\noptions ndots:5\n',
    ],
    [
      {
        dnsPolicy: 'None',
        dnsConfig: {
          nameservers: ['1.2.3.4'],
          searches: ['a.b'],
          options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }],
        },
      },
      'search a.b\nnameserver 1.2.3.4\noptions ndots:2 edns0\n',
    ],
    [
      { dnsConfig: { nameservers: ['10.96.0.10', '1.1.1.1'], options: [{ name: 'ndots', value: '1' }] } },
      'search shop.svc.cluster.local svc.cluster.local cluster.local lan\nnameserver 10.96.0.10\nnameserver 1.1.1.1\noptions ndots:1\n',
    ],
  ])('%j', (spec, expected) => {
    expect(resolvConfOf(podWith(spec), node, cluster)).toBe(expected);
  });

  test('hosts of a pod with aliases, as recorded', () => {
    const pod = podWith({ hostAliases: [{ ip: '10.1.2.3', hostnames: ['foo.local', 'bar.local'] }] });
    const options = { ip: '10.244.0.33', hostname: 'vols', domain: '', nodeName: 'n', nodeIp: '172.18.0.2' };
    expect(hostsFileOf(pod, options)).toBe(
      `# Kubernetes-managed hosts file.
127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
fe00::0\tip6-mcastprefix
fe00::1\tip6-allnodes
fe00::2\tip6-allrouters
10.244.0.33\tvols

# Entries added by HostAliases.
10.1.2.3\tfoo.local\tbar.local
`,
    );
  });

  test('are in the container', async () => {
    const lab = new Lab();
    lab.create('web', { hostname: 'db', subdomain: 'dbs', containers: [container(['forever'])] });
    await lab.seconds(3);
    const text = await lab.exec('web', ['cat', '/etc/hosts', '/etc/hostname', '/etc/resolv.conf']);
    expect(text).toContain('10.244.1.2\tdb.dbs.shop.svc.cluster.local\tdb\n');
    expect(text).toContain('\ndb\nsearch shop.svc');
  });
});
