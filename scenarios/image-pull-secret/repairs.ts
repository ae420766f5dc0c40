import { type Fix, faults, fix, type Hack, hack, type LabView, resources, seconds } from 'breakfix';
import {
  authsOf,
  base64,
  dockerSecret,
  host,
  image,
  loginOf,
  mirror,
  namespace,
  oldTag,
  putLogin,
  putSecret,
  release,
  repository,
  robot,
} from './registry.ts';

interface Values {
  readonly service: string;
  readonly secret: string;
}

const patchPods = (lab: LabView, service: string, spec: object): Promise<void> =>
  faults.patchPods(lab, { namespace, name: service }, spec);

const setImage = (lab: LabView, service: string, fields: object): Promise<void> =>
  patchPods(lab, service, { containers: [{ name: service, ...fields }] });

export function fixesOf({ service, secret }: Values): readonly Fix[] {
  const create = (name: string) =>
    `kubectl -n shop create secret docker-registry ${name} --docker-server=${host} --docker-username=… --docker-password=…   # from secret/${robot.name}`;
  const reference = `kubectl -n shop patch deployment ${service} -p '{"spec":{"template":{"spec":{"imagePullSecrets":[{"name":"${secret}"}]}}}}'`;
  const named = { imagePullSecrets: [{ name: secret }] };
  return [
    fix(
      'secret',
      [`kubectl -n shop delete secret ${secret} --ignore-not-found`, create(secret), reference],
      async (lab) => {
        await putLogin(lab, secret);
        await patchPods(lab, service, named);
      },
    ),
    fix(
      'dockercfg',
      ['create the Secret with type kubernetes.io/dockercfg, the older form, and name it in the template'],
      async (lab) => {
        await putSecret(lab, {
          ...dockerSecret(secret, {}),
          type: 'kubernetes.io/dockercfg',
          data: { '.dockercfg': base64(JSON.stringify(authsOf(await loginOf(lab)))) } as never,
        });
        await patchPods(lab, service, named);
      },
    ),
    fix(
      'service-account',
      [
        create('robot'),
        `kubectl -n shop patch serviceaccount default -p '{"imagePullSecrets":[{"name":"robot"}]}'`,
        `kubectl -n shop edit deployment ${service}   # remove imagePullSecrets: a pod that names its own gets none from its ServiceAccount`,
        `kubectl -n shop rollout restart deployment ${service}`,
      ],
      async (lab) => {
        await putLogin(lab, 'robot');
        const account = { imagePullSecrets: [{ name: 'robot' }] };
        await lab.kube.patch(resources.serviceAccounts, namespace, 'default', account, { type: 'merge' });
        await patchPods(lab, service, { imagePullSecrets: null });
        await faults.restart(lab, { namespace, name: service });
      },
    ),
    fix(
      'own-account',
      [`a ServiceAccount ${service} with the pull secret, and serviceAccountName: ${service}`],
      async (lab) => {
        await putLogin(lab, 'robot');
        await lab.kube.create(resources.serviceAccounts, {
          apiVersion: 'v1',
          kind: 'ServiceAccount',
          metadata: { name: service, namespace },
          imagePullSecrets: [{ name: 'robot' }],
        });
        await patchPods(lab, service, { serviceAccountName: service, imagePullSecrets: null });
      },
    ),
    fix('second-secret', [create('robot'), 'name it in the template, beside the first one'], async (lab) => {
      await putLogin(lab, 'robot');
      await patchPods(lab, service, { imagePullSecrets: [{ name: secret }, { name: 'robot' }] });
    }),
    fix(
      'auth-only',
      [
        'create the Secret with a .dockerconfigjson that has only "auth", as docker login writes it, and the address of the registry as a URL',
      ],
      async (lab) => {
        const { username, password } = await loginOf(lab);
        const auths = { [`https://${host}`]: { auth: base64(`${username}:${password}`) } };
        await putSecret(lab, dockerSecret(secret, auths));
        await patchPods(lab, service, named);
      },
    ),
    fix(
      'undo-first',
      [`kubectl -n shop rollout undo deployment ${service}`, create(secret), 'then the release again'],
      async (lab) => {
        await setImage(lab, service, { image: image(oldTag) });
        await putLogin(lab, secret);
        await patchPods(lab, service, { ...named, containers: [{ name: service, image: image(release) }] });
      },
    ),
  ];
}

export const hacksOf = ({ service, secret }: Values): readonly Hack[] => [
  hack('open-mirror', 'repository', async (lab) => {
    await setImage(lab, service, { image: image(release, mirror) });
  }),
  hack('local-image', 'repository', async (lab) => {
    await setImage(lab, service, { image: `shop.test/shop:${release}`, imagePullPolicy: 'Never' });
  }),
  hack('pulled-by-hand', 'next-release', async (lab) => {
    await putLogin(lab, 'by-hand');
    const nodes = await lab.kube.list(resources.nodes);
    for (const { metadata } of nodes) {
      const name = `pull-${metadata.name}`;
      await lab.kube.create(resources.pods, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace },
        spec: {
          nodeName: metadata.name,
          imagePullSecrets: [{ name: 'by-hand' }],
          containers: [{ name: 'pull', image: image(release), env: [{ name: 'ROLE', value: 'notifier' }] }],
        } as never,
      });
    }
    await lab.clock.wait(seconds(20), lab.signal);
    for (const { metadata } of nodes) {
      await lab.kube.delete(resources.pods, namespace, `pull-${metadata.name}`);
    }
    await lab.kube.delete(resources.secrets, namespace, 'by-hand');
    await setImage(lab, service, { imagePullPolicy: 'Never' });
  }),
  hack('todays-nodes', 'new-node', async (lab) => {
    await putLogin(lab, secret);
    const spec = { ...(await faults.todaysNodes(lab)), imagePullSecrets: [{ name: secret }] };
    await patchPods(lab, service, spec);
  }),
  hack('never-before-it', 'new-node', async (lab) => {
    // A node that comes tomorrow has no copy of what runs first either.
    await putLogin(lab, secret);
    const first = { name: 'first', image: 'shop.test/shop:1.4.2', imagePullPolicy: 'Never' };
    await patchPods(lab, service, {
      imagePullSecrets: [{ name: secret }],
      initContainers: [{ ...first, command: ['true'] }],
    });
  }),
  hack('by-hand-before-it', 'new-node', async (lab) => {
    const first = { name: 'first', image: `shop.test/shop:${oldTag}`, command: ['true'] };
    await putLogin(lab, secret);
    await patchPods(lab, service, { imagePullSecrets: [{ name: secret }], initContainers: [first] });
  }),
  hack('login-on-its-way-out', 'shop-starts-again', async (lab) => {
    // Only a finalizer keeps it for the pods of today.
    await putLogin(lab, 'robot');
    await patchPods(lab, service, { imagePullSecrets: [{ name: 'robot' }] });
    await lab.clock.wait(seconds(60), lab.signal);
    await faults.onItsWayOut(lab, resources.secrets, { namespace, name: 'robot' });
  }),
  hack('login-of-a-pod', 'shop-starts-again', async (lab) => {
    // It goes with the pod that owns it, at the gateway's next rollout.
    await putLogin(lab, 'robot');
    const [owner] = await lab.kube.list(resources.pods, { namespace, labelSelector: 'app=gateway' });
    const { name = '', uid = '' } = owner?.metadata ?? {};
    const owned = { metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name, uid }] } };
    await lab.kube.patch(resources.secrets, namespace, 'robot', owned, { type: 'merge' });
    await patchPods(lab, service, { imagePullSecrets: [{ name: 'robot' }] });
  }),
  hack('wrong-password', 'image', async (lab) => {
    await putSecret(lab, dockerSecret(secret, authsOf({ username: robot.username, password: 'let-me-in' })));
    await patchPods(lab, service, { imagePullSecrets: [{ name: secret }] });
  }),
  hack('other-server', 'next-release', async (lab) => {
    await putSecret(lab, dockerSecret(secret, authsOf(await loginOf(lab), 'registry')));
    await patchPods(lab, service, { imagePullSecrets: [{ name: secret }] });
  }),
  hack('secret-elsewhere', 'next-release', async (lab) => {
    const copied = dockerSecret('robot', authsOf(await loginOf(lab)));
    await lab.kube.create(resources.secrets, {
      ...copied,
      metadata: { name: 'robot', namespace: 'default' },
    });
    await patchPods(lab, service, { imagePullSecrets: [{ name: 'robot' }] });
  }),
  hack('account-beside-own', 'next-release', async (lab) => {
    // A pod with pull secrets of its own takes none of its account.
    await putLogin(lab, 'robot');
    const account = { imagePullSecrets: [{ name: 'robot' }] };
    await lab.kube.patch(resources.serviceAccounts, namespace, 'default', account, { type: 'merge' });
    await patchPods(lab, service, { imagePullSecrets: [{ name: 'nobody' }] });
  }),
  hack('old-release', 'image', async (lab) => {
    await putLogin(lab, secret);
    await patchPods(lab, service, {
      imagePullSecrets: [{ name: secret }],
      containers: [{ name: service, image: image(oldTag) }],
    });
  }),
  hack('fake-version', 'image', async (lab) => {
    const old = { name: service, image: image(oldTag) };
    await patchPods(lab, service, await faults.releaseNotes(lab, namespace, old, release));
  }),
  hack('fake-version-and-status', 'image', async (lab) => {
    const old = { name: service, image: image(oldTag) };
    await putLogin(lab, secret);
    const spec = await faults.releaseNotes(lab, namespace, old, release);
    await patchPods(lab, service, { ...spec, imagePullSecrets: [{ name: secret }] });
    await lab.clock.wait(seconds(60), lab.signal);
    const digest = await faults.digestOf(lab, { host, repository, tag: release });
    await faults.claimImage(lab, { namespace, app: service }, `${host}/${repository}@${digest}`);
  }),
  hack('wrong-liveness', 'starts-again', async (lab) => {
    await putLogin(lab, secret);
    const containers = [{ name: service, ...faults.asksNobody }];
    await patchPods(lab, service, { imagePullSecrets: [{ name: secret }], containers });
  }),
  hack('scale-to-zero', 'in-service', async (lab) => {
    await faults.scale(lab, { namespace, name: service }, 0);
  }),
];
