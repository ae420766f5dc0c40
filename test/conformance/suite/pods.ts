import { describe, expect, test } from '@jest/globals';
import type { ContainerStatus, Pod } from '../../../src/model/objects.ts';
import { resources } from '../../../src/model/resources.ts';
import { type Ground, shellPod } from '../ground.ts';

const first = ({ status }: Pod): ContainerStatus | undefined => status.containerStatuses?.[0];
const waitsFor =
  (reason: string) =>
  (pod: Pod): boolean =>
    first(pod)?.state.waiting?.reason === reason;
const isRunning = (pod: Pod): boolean => first(pod)?.state.running !== undefined;
const isReady = (pod: Pod): boolean => first(pod)?.ready === true;

/** The life of pods: starts that fail, restarts, probes, limits, what runs in them. */
export function podSuite(ground: () => Ground): void {
  describe('a container', () => {
    test('that fails is restarted, later and later; its last log can be read', async () => {
      await ground().apply(shellPod('crash', 'echo "no database"; exit 3'));
      const pod = await ground().pod('app=crash', 'backs off', waitsFor('CrashLoopBackOff'));
      expect(first(pod)?.state.waiting?.message).toMatch(
        /^back-off (10s|20s|40s|1m20s|2m40s|5m0s) restarting failed container=main pod=crash_/,
      );
      expect(first(pod)?.lastState.terminated).toMatchObject({ exitCode: 3, reason: 'Error' });
      await ground().event('BackOff', /^Back-off restarting failed container main in pod crash_/);
      const { kube, namespace } = ground();
      expect(await kube.logs(namespace, 'crash', { previous: true })).toBe('no database\n');
    });

    test('that is not restarted leaves its pod failed or succeeded', async () => {
      await ground().apply(
        shellPod('bad', 'exit 7', { restartPolicy: 'Never' }),
        shellPod('good', 'exit 0', { restartPolicy: 'Never' }),
      );
      const bad = await ground().pod('app=bad', 'failed', ({ status }) => status.phase === 'Failed');
      expect(first(bad)?.state.terminated).toMatchObject({ exitCode: 7, reason: 'Error' });
      const good = await ground().pod('app=good', 'succeeded', ({ status }) => status.phase === 'Succeeded');
      expect(first(good)?.state.terminated).toMatchObject({ exitCode: 0, reason: 'Completed' });
    });

    test('whose configuration is missing waits for it', async () => {
      const env = [{ name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'settings', key: 'color' } } }];
      await ground().apply(shellPod('waits', 'echo "it is $COLOR"; sleep 1000', {}, { env }));
      const pod = await ground().pod('app=waits', 'waits', waitsFor('CreateContainerConfigError'));
      expect(first(pod)?.state.waiting?.message).toBe('configmap "settings" not found');
      await ground().apply({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'settings' },
        data: { color: 'blue' },
      });
      await ground().pod('app=waits', 'runs', isRunning);
      const { kube, namespace } = ground();
      await ground().until('its log', async () =>
        (await kube.logs(namespace, 'waits')) === 'it is blue\n' ? true : undefined,
      );
    });

    test('whose command does not exist cannot be started', async () => {
      await ground().apply(shellPod('typo', '', {}, { command: ['/bin/nothing'] }));
      const pod = await ground().pod(
        'app=typo',
        'was not started',
        (one) => (first(one)?.lastState.terminated ?? first(one)?.state.terminated) !== undefined,
      );
      const ended = first(pod)?.lastState.terminated ?? first(pod)?.state.terminated;
      expect(ended).toMatchObject({ exitCode: 128, reason: 'StartError' });
      expect(ended?.message).toContain('exec: "/bin/nothing": stat /bin/nothing: no such file or directory');
    });

    test('whose image may not be pulled waits', async () => {
      const container = { image: 'nowhere.test/app:1', imagePullPolicy: 'Never' };
      await ground().apply(shellPod('local', 'true', {}, container));
      const pod = await ground().pod('app=local', 'waits', waitsFor('ErrImageNeverPull'));
      expect(first(pod)?.state.waiting?.message).toBe(
        'Container image "nowhere.test/app:1" is not present with pull policy of Never',
      );
    });

    test('whose registry has no address waits, and is tried again', async () => {
      await ground().apply(shellPod('lost', 'true', {}, { image: 'registry.nowhere.invalid/app:1' }));
      await ground().pod('app=lost', 'backs off', waitsFor('ImagePullBackOff'));
      await ground().event(
        'Failed',
        /^Failed to pull image "registry\.nowhere\.invalid\/app:1": .*no such host/,
      );
      await ground().event('Failed', /^Error: ErrImagePull$/);
      await ground().event('BackOff', /^Back-off pulling image "registry\.nowhere\.invalid\/app:1"/);
    });

    // On a node the kernel's report of the kill and the end of the process race: a run whose report came too late says Error
    // for ever. Each restart is a new race, so that what is asked for is a run that was told in time.
    test('that takes more memory than its limit is killed, again and again', async () => {
      const limited = { resources: { limits: { memory: '32Mi' } } };
      await ground().apply(shellPod('eater', 'exec tail -c 100000000 /dev/zero', {}, limited));
      const pod = await ground().pod(
        'app=eater',
        'was killed for its memory',
        (one) => first(one)?.lastState.terminated?.reason === 'OOMKilled',
      );
      expect(first(pod)?.lastState.terminated).toMatchObject({ exitCode: 137, reason: 'OOMKilled' });
      expect(first(pod)?.restartCount).toBeGreaterThan(0);
    });

    test('asks the API server with its token, as far as its roles reach', async () => {
      const RBAC = 'rbac.authorization.k8s.io';
      await ground().apply(shellPod('asks', 'sleep 1000'));
      await ground().pod('app=asks', 'runs', isRunning);
      const ask = `wget -qO- --no-check-certificate \\
        --header "Authorization: Bearer $(cat /var/run/secrets/kubernetes.io/serviceaccount/token)" \\
        https://kubernetes.default.svc/api/v1/namespaces/${ground().namespace}/configmaps/kube-root-ca.crt`;
      expect((await ground().sh('asks', ask)).stderr).toContain('HTTP/1.1 403 Forbidden');
      await ground().apply(
        {
          apiVersion: `${RBAC}/v1`,
          kind: 'Role',
          metadata: { name: 'maps' },
          rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }],
        },
        {
          apiVersion: `${RBAC}/v1`,
          kind: 'RoleBinding',
          metadata: { name: 'maps' },
          roleRef: { apiGroup: RBAC, kind: 'Role', name: 'maps' },
          subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: ground().namespace }],
        },
      );
      await ground().until('the map', async () => {
        const { code, stdout } = await ground().sh('asks', ask);
        return code === 0 && stdout.includes('BEGIN CERTIFICATE') ? stdout : undefined;
      });
    });

    test('has the environment, the files and the user that its pod names', async () => {
      await ground().apply(
        {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name: 'keys' },
          stringData: { password: 'hunter2' },
        },
        shellPod(
          'reads',
          'sleep 1000',
          { volumes: [{ name: 'keys', secret: { secretName: 'keys', defaultMode: 0o400 } }] },
          {
            env: [
              { name: 'GREETING', value: 'hello $(NAME)' },
              { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
              { name: 'BOTH', value: '$(NAME) and $$(NAME)' },
            ],
            volumeMounts: [{ name: 'keys', mountPath: '/keys', readOnly: true }],
            securityContext: { runAsUser: 1000, runAsNonRoot: true },
          },
        ),
      );
      await ground().pod('app=reads', 'runs', isRunning);
      const seen = await ground().sh(
        'reads',
        'echo "$GREETING; $BOTH"; id -u; cat /keys/password; touch /keys/x',
      );
      expect(seen.stdout).toBe('hello $(NAME); reads and $(NAME)\n1000\n');
      expect(seen.stderr).toContain("can't open '/keys/password': Permission denied");
      expect(seen.stderr).toContain('/keys/x: Read-only file system');
    });
  });

  describe('probes', () => {
    const file = (path: string) => ({
      exec: { command: ['cat', path] },
      periodSeconds: 1,
      failureThreshold: 2,
    });

    test('liveness restarts a container, readiness does not', async () => {
      await ground().apply(
        shellPod('alive', 'touch /tmp/alive; sleep 1000', {}, { livenessProbe: file('/tmp/alive') }),
        shellPod('ready', 'touch /tmp/ready; sleep 1000', {}, { readinessProbe: file('/tmp/ready') }),
      );
      await ground().pod('app=alive', 'runs', isReady);
      await ground().pod('app=ready', 'is ready', isReady);
      await ground().sh('alive', 'rm /tmp/alive');
      await ground().sh('ready', 'rm /tmp/ready');
      await ground().event('Killing', /^Container main failed liveness probe, will be restarted$/);
      await ground().pod('app=alive', 'was restarted', (pod) => (first(pod)?.restartCount ?? 0) > 0);
      const unready = await ground().pod('app=ready', 'is not ready', (pod) => !isReady(pod));
      expect(first(unready)).toMatchObject({ restartCount: 0, ready: false });
      await ground().event('Unhealthy', /^Readiness probe failed: cat: can't open '\/tmp\/ready'/);
    });
  });

  describe('what runs in a pod', () => {
    test('exec gives output, errors, exit codes, and takes input', async () => {
      await ground().apply(shellPod('box', 'sleep 1000'));
      await ground().pod('app=box', 'runs', isRunning);
      expect(await ground().sh('box', 'echo out; echo err >&2; exit 5')).toEqual({
        code: 5,
        stdout: 'out\n',
        stderr: 'err\n',
      });
      const { kube, namespace } = ground();
      const command = ['sh', '-c', 'tr a-z A-Z | sort -r'];
      expect(await kube.exec(namespace, 'box', { command, stdin: 'a\nb\n' })).toMatchObject({
        code: 0,
        stdout: 'B\nA\n',
      });
      const missing = await ground().refusal(() =>
        kube.exec(namespace, 'box', { command: ['nothing'], container: 'nobody' }),
      );
      expect(missing.message).toBe('container nobody is not valid for pod box');
    });
  });

  describe('the scheduler', () => {
    test('says why a pod fits on no node', async () => {
      const { kube, namespace } = ground();
      await ground().apply(shellPod('huge', 'true', {}, { resources: { requests: { memory: '4Ti' } } }));
      const { message } = await ground().event('FailedScheduling', /^0\/2 nodes are available/);
      expect(message).toMatch(
        /^0\/2 nodes are available: 1 Insufficient memory, 1 node\(s\) had untolerated taint\(s\)\. /,
      );
      const pod = await kube.get(resources.pods, namespace, 'huge');
      expect(pod?.status.phase).toBe('Pending');
      expect(pod?.status.conditions).toEqual([
        expect.objectContaining({ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }),
      ]);
    });
  });
}
