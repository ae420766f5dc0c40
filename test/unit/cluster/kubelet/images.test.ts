import { describe, expect, test } from '@jest/globals';
import { resources } from '../../../../src/model/resources.ts';
import { container, image, Lab, programs } from './lab.ts';

const refused = 'failed to pull and unpack image "nosuch.example/app:1": … no such host';

function pullSecret(lab: Lab, name: string, login: object, registry = 'registry.test'): void {
  lab.api.create(resources.secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: 'shop' },
    type: 'kubernetes.io/dockerconfigjson',
    data: {
      '.dockerconfigjson': Buffer.from(JSON.stringify({ auths: { [registry]: login } })).toString('base64'),
    },
  });
}

describe('images', () => {
  test('a bad image: events, back-off and waiting states of a real kubelet', async () => {
    const lab = new Lab();
    lab.registry.set('nosuch.example/app:1', refused);
    lab.create('bad', { containers: [container(['forever'], { image: 'nosuch.example/app:1' })] });
    await lab.seconds(4);
    expect(lab.events('bad')).toEqual([
      'Normal Pulling c: Pulling image "nosuch.example/app:1"',
      `Warning Failed c: Failed to pull image "nosuch.example/app:1": ${refused}`,
      'Warning Failed c: Error: ErrImagePull',
      'Normal BackOff c: Back-off pulling image "nosuch.example/app:1"',
      'Warning Failed c: Error: ImagePullBackOff',
    ]);
    expect(lab.status('bad')).toMatchObject({
      image: 'nosuch.example/app:1',
      imageID: '',
      state: { waiting: { reason: 'ErrImagePull', message: refused } },
      restartCount: 0,
    });
    expect(lab.pod('bad').status.phase).toBe('Pending');
    const reasons = new Set<string | undefined>();
    for (let second = 0; second < 60; second++) {
      await lab.seconds(1);
      reasons.add(lab.status('bad').state.waiting?.reason);
    }
    expect([...reasons].sort()).toEqual(['ErrImagePull', 'ImagePullBackOff']);
    // 10 s, 20 s, 40 s apart, each up to a sync (15 s) late.
    expect(lab.pulls.length).toBeGreaterThanOrEqual(3);
    expect(lab.pulls.length).toBeLessThanOrEqual(4);
  });

  test('a pulled image says how long and how big', async () => {
    const lab = new Lab();
    lab.pullMillis = 1234;
    lab.registry.set('docker.io/library/app:2', image(programs, { sizeBytes: 987 }));
    lab.create('web', { containers: [container(['forever'], { image: 'app:2' })] });
    await lab.seconds(5);
    expect(lab.events('web').slice(0, 2)).toEqual([
      'Normal Pulling c: Pulling image "app:2"',
      'Normal Pulled c: Successfully pulled image "app:2" in 1.234s (1.234s including waiting). Image size: 987 bytes.',
    ]);
    expect(lab.status('web').state.running).toBeDefined();
    expect(lab.api.get(resources.nodes, undefined, 'lab-worker')?.status.images).toHaveLength(2);
  });

  test('pulls wait for each other', async () => {
    const lab = new Lab();
    lab.pullMillis = 2000;
    for (const tag of ['2', '3']) {
      lab.registry.set(`docker.io/library/app:${tag}`, image(programs));
      lab.create(`web-${tag}`, { containers: [container(['forever'], { image: `app:${tag}` })] });
    }
    await lab.seconds(8);
    const pulled = lab.events('web-3').find((event) => event.includes('Successfully')) ?? '';
    const [, alone = '', waited = ''] = /in (\S+) \((\S+) including/.exec(pulled) ?? [];
    expect(alone).toBe('2s');
    expect(Number.parseFloat(waited)).toBeGreaterThan(3.5);
  });

  test('Never without the image, and a name that is none', async () => {
    const lab = new Lab();
    lab.create('never', {
      containers: [container(['forever'], { image: 'gone:1', imagePullPolicy: 'Never' })],
    });
    lab.create('invalid', { containers: [container(['forever'], { image: 'a b:1' })] });
    await lab.seconds(4);
    const absent = 'Container image "gone:1" is not present with pull policy of Never';
    expect(lab.events('never')).toEqual([
      `Warning ErrImageNeverPull c: ${absent} x2`,
      'Warning Failed c: Error: ErrImageNeverPull x2',
    ]);
    expect(lab.status('never').state.waiting).toEqual({ reason: 'ErrImageNeverPull', message: absent });
    const bad = `Failed to apply default image tag "a b:1": couldn't parse image name "a b:1": invalid reference format`;
    expect(lab.events('invalid')).toEqual([
      `Warning InspectFailed c: ${bad} x2`,
      'Warning Failed c: Error: InvalidImageName x2',
    ]);
    expect(lab.status('invalid').state.waiting).toEqual({ reason: 'InvalidImageName', message: bad });
  });

  test('pull secrets reach the registry; a missing one is an event', async () => {
    const lab = new Lab();
    const auth = Buffer.from('bob:pass:word').toString('base64');
    pullSecret(lab, 'login', { auth });
    lab.registry.set('registry.test/app:1', image(programs));
    lab.create('web', {
      imagePullSecrets: [{ name: 'login' }, { name: 'nope' }],
      containers: [container(['forever'], { image: 'registry.test/app:1' })],
    });
    await lab.seconds(3);
    expect(lab.pulls[0]?.credentials).toEqual([
      { registry: 'registry.test', username: 'bob', password: 'pass:word' },
    ]);
    expect(lab.events('web')[0]).toMatch(
      /^Warning FailedToRetrieveImagePullSecret: Unable to retrieve some image pull secrets \(nope\); attempting to pull the image may not succeed\./,
    );
  });

  test.each(['registry.test', 'https://registry.test/v1/', '*.test', 'registry.test/team'])(
    'an image that was pulled with a secret for %s is pulled again for a pod without it',
    async (registry) => {
      const lab = new Lab();
      pullSecret(lab, 'login', { username: 'bob', password: 'x' }, registry);
      pullSecret(lab, 'wrong', { username: 'bob', password: 'y' }, registry);
      const name = 'registry.test/team/app:1';
      lab.registry.set(name, image(programs));
      const containers = [container(['forever'], { image: name })];
      lab.create('with', { imagePullSecrets: [{ name: 'login' }], containers });
      await lab.seconds(3);
      lab.create('also', { imagePullSecrets: [{ name: 'wrong' }, { name: 'login' }], containers });
      await lab.seconds(3);
      expect(lab.pulls).toHaveLength(1);
      lab.registry.set(name, 'authorization failed');
      lab.create('wrong', { imagePullSecrets: [{ name: 'wrong' }], containers });
      lab.create('without', { containers });
      await lab.seconds(3);
      expect(lab.status('also').state.running).toBeDefined();
      for (const refused of ['wrong', 'without']) {
        expect(lab.status(refused).state.waiting?.reason).toBe('ErrImagePull');
      }
      // What the registry gives to anybody is for all.
      lab.registry.set(name, image(programs));
      await lab.seconds(30);
      expect(lab.status('without').state.running).toBeDefined();
      lab.registry.set(name, 'authorization failed');
      lab.create('late', { containers });
      await lab.seconds(3);
      expect(lab.status('late').state.running).toBeDefined();
    },
  );

  test('Always asks the registry even for an image that is there', async () => {
    const lab = new Lab();
    lab.registry.set('docker.io/library/app:1', 'dial tcp 10.0.0.1:443: connect: connection refused');
    lab.create('web', { containers: [container(['forever'], { imagePullPolicy: 'Always' })] });
    await lab.seconds(3);
    expect(lab.status('web').state.waiting?.reason).toBe('ErrImagePull');
  });
});

describe('images as volumes', () => {
  const volumes = [{ name: 'files', image: { reference: 'files:1', pullPolicy: 'Always' as const } }];
  const mounts = { volumeMounts: [{ name: 'files', mountPath: '/files' }] };

  test('are pulled for the container that mounts them, and cannot be written', async () => {
    const lab = new Lab();
    const files = [{ path: '/data.txt', content: 'from the image' }];
    lab.registry.set('docker.io/library/files:1', { ...image(programs), digest: 'sha256:f', files });
    lab.create('web', { volumes, containers: [container(['forever'], mounts)] });
    await lab.seconds(4);
    expect(lab.events('web')).toContain('Normal Pulling c: Pulling image "files:1"');
    expect(await lab.exec('web', ['cat', '/files/data.txt'])).toBe('from the image');
    expect(await lab.exec('web', ['write', '/files/data.txt', 'x'])).not.toBe('');
    expect(await lab.exec('web', ['cat', '/files/data.txt'])).toBe('from the image');
  });

  test('that cannot be pulled keep the container waiting', async () => {
    const lab = new Lab();
    lab.create('web', { volumes, containers: [container(['forever'], mounts)] });
    await lab.seconds(4);
    expect(lab.status('web').state).toMatchObject({ waiting: { reason: 'ErrImagePull' } });
    expect(lab.events('web')).toContain('Warning Failed c: Error: ErrImagePull');
  });
});
