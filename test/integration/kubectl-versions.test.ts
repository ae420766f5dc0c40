import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findClient } from '../helpers/clients.ts';
import { type Lab, type Newcomer, newcomer } from '../helpers/lab.ts';
import { eventually, findProgram, run, type RunOptions } from '../helpers/processes.ts';

/** Every command that a repair may need, through each kubectl that is there. */
jest.setTimeout(120_000);

let user: Newcomer;
let lab: Lab;
let folder: string;
beforeAll(async () => {
  user = newcomer();
  folder = mkdtempSync(join(tmpdir(), 'kubectl-'));
  lab = await user.start(['INC-2041', '--seed', '1']);
});
afterAll(async () => {
  await user[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const DEPLOYMENT = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, labels: { app: web } }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - name: web
          image: busybox:1.37
          command: [sleep, '1000000']
`;

describe.each(['kubectl.1.32', 'kubectl.1.33', 'kubectl-1.35', 'kubectl-1.36'])('%s', (client) => {
  const found = findClient(client);
  const given = found === undefined ? test.skip : test;
  // Called by its usual name: that is what it calls itself as a field manager.
  const program = join(tmpdir(), `clients-${process.pid}`, client, 'kubectl');
  beforeAll(() => {
    mkdirSync(dirname(program), { recursive: true });
    if (found !== undefined) symlinkSync(found, program);
  });
  afterAll(() => rmSync(dirname(program), { recursive: true }));

  const name = (what: string): string =>
    found === undefined ? `${what} (skipped: there is no ${client}; npm run test:clients brings 1.35)` : what;

  const namespace = `with-${client.replaceAll('.', '-')}`;
  const env = (): NodeJS.ProcessEnv => ({ ...user.env, KUBECONFIG: lab.kubeconfig, SHELL: '/bin/sh' });
  const words = (args: string | readonly string[]): string[] => [
    ...['-n', namespace],
    ...(typeof args === 'string' ? args.split(' ') : args),
  ];
  const kubectl = (args: string | readonly string[], options: RunOptions = {}): ReturnType<typeof run> =>
    run(program, words(args), { ...options, env: { ...env(), ...options.env } });
  const ok = async (args: string | readonly string[], options?: RunOptions): Promise<string> => {
    const ended = await kubectl(args, options);
    if (ended.code !== 0) throw new Error(`${String(args)}: ${ended.stdout}${ended.stderr}`);
    return ended.stdout;
  };

  given(name('create, apply, rollout status, get, describe, events'), async () => {
    expect(await ok(`create namespace ${namespace}`)).toBe(`namespace/${namespace} created\n`);
    const stdin = DEPLOYMENT;
    expect(await ok('apply -f -', { stdin })).toBe('deployment.apps/web created\n');
    expect(await ok('rollout status deploy/web')).toContain('deployment "web" successfully rolled out\n');
    expect(await ok('get deploy,pods')).toMatch(/^deployment\.apps\/web +1\/1 +1 +1 +\d+s$/m);
    expect(await ok('get pods -o wide')).toMatch(
      /^web-\S+ +1\/1 +Running +0 +\d+s +10\.244\.\S+ +inc-2041-/m,
    );
    expect(await ok('get deploy web -o yaml')).toMatch(/^ {2}readyReplicas: 1$/m);
    expect(await ok('describe deploy web')).toMatch(
      /ScalingReplicaSet .*deployment-controller .*from 0 to 1$/m,
    );
    expect(await ok('describe pod -l app=web')).toMatch(/^ +Normal +Started .*Container started$/m);
    expect(await ok('events --for deployment/web')).toMatch(
      /Normal +ScalingReplicaSet +Deployment\/web +Scaled up/,
    );
    expect(await ok('get events --sort-by=.metadata.creationTimestamp')).toMatch(/Scheduled(.|\n)*Started/);
  });

  given(name('apply server-side and its conflict, diff, edit, patch'), async () => {
    const stdin = DEPLOYMENT;
    expect(await ok('apply --server-side -f - --force-conflicts', { stdin })).toContain('serverside-applied');
    expect(await ok('scale deploy/web --replicas=2')).toBe('deployment.apps/web scaled\n');
    const other = DEPLOYMENT.replace('spec:', 'spec:\n  replicas: 3');
    const conflict = await kubectl('apply --server-side --field-manager=other -f -', { stdin: other });
    expect(conflict.stderr).toMatch(
      /^error: Apply failed with 1 conflict: conflict with "kubectl(-edit)?" with subresource "scale" using apps\/v1: \.spec\.replicas\n/,
    );
    const editor = join(folder, `${client}-editor.sh`);
    writeFileSync(editor, '#!/bin/sh\nsed -i "s/replicas: 2/replicas: 1/" "$1"\n');
    chmodSync(editor, 0o755);
    expect(await ok('edit deploy web', { env: { EDITOR: editor } })).toBe('deployment.apps/web edited\n');
    const patch = (type: string, body: string): Promise<string> =>
      ok(['patch', 'deploy', 'web', `--type=${type}`, '-p', body]);
    const env = '[{"name":"A","value":"1"}]';
    await patch('strategic', `{"spec":{"template":{"spec":{"containers":[{"name":"web","env":${env}}]}}}}`);
    await patch('merge', '{"spec":{"minReadySeconds":1}}');
    await patch('json', '[{"op":"replace","path":"/spec/minReadySeconds","value":2}]');
    const spec = JSON.parse(await ok('get deploy web -o jsonpath={.spec}')) as object;
    expect(spec).toMatchObject({
      replicas: 1,
      minReadySeconds: 2,
      template: { spec: { containers: [{ env: [{}] }] } },
    });
  });

  given(name('set, rollout history, undo, restart, wait, label, annotate'), async () => {
    expect(await ok('set image deploy/web web=busybox:none')).toBe('deployment.apps/web image updated\n');
    expect((await kubectl('rollout status deploy/web --timeout=1s')).stderr).toContain('timed out waiting');
    expect(await ok('rollout history deploy/web')).toMatch(/^3 +<none>$/m);
    expect(await ok('rollout undo deploy/web')).toBe('deployment.apps/web rolled back\n');
    expect(await ok('set resources deploy/web --limits=memory=64Mi')).toContain(
      'resource requirements updated',
    );
    expect(await ok('rollout restart deploy/web')).toBe('deployment.apps/web restarted\n');
    expect(await ok('rollout status deploy/web')).toContain('successfully rolled out');
    expect(await ok('wait --for=condition=Available deploy/web')).toBe('deployment.apps/web condition met\n');
    expect(await ok('label deploy web a=b')).toBe('deployment.apps/web labeled\n');
    expect(await ok('annotate deploy web a=b')).toBe('deployment.apps/web annotated\n');
  });

  given(name('run, logs'), async () => {
    const flaky = ['sh', '-c', 'echo hello; sleep 1; exit 1'];
    expect(
      await ok([...'run flaky --image=busybox:1.37 --restart=OnFailure --command --'.split(' '), ...flaky]),
    ).toBe('pod/flaky created\n');
    await ok('wait --for=jsonpath={.status.containerStatuses[0].started}=true pod/flaky');
    expect(await ok('logs -f flaky')).toBe('hello\n');
    // Between its end and the back-off the run before is gone already.
    await ok(
      'wait --for=jsonpath={.status.containerStatuses[0].state.waiting.reason}=CrashLoopBackOff pod/flaky',
    );
    expect(await ok('logs flaky --previous')).toBe('hello\n');
    const asked = await ok([
      ...'run ask --rm -i --restart=Never --image=busybox:1.37 --quiet --command --'.split(' '),
      ...['wget', '-qO-', 'http://gateway.shop/version'],
    ]);
    expect(asked).toContain('"role":"gateway"');
  });

  given(name('exec, cp, port-forward'), async () => {
    expect(await ok('exec deploy/web -- cat /etc/resolv.conf')).toContain(
      `search ${namespace}.svc.cluster.local`,
    );
    expect(await ok('exec -i deploy/web -- cat', { stdin: 'typed\n' })).toBe('typed\n');
    expect((await kubectl('exec deploy/web -- ls /nowhere')).code).toBe(1);
    const pod = await ok('get pods -l app=web -o jsonpath={.items[0].metadata.name}');
    const path = join(folder, `${client}.txt`);
    writeFileSync(path, 'copied\n');
    await ok(['cp', path, `${pod}:/tmp/there.txt`]);
    await ok(['cp', `${pod}:/tmp/there.txt`, `${path}.back`]);
    expect(readFileSync(`${path}.back`, 'utf8')).toBe('copied\n');
    const args = words('port-forward -n shop service/gateway :80');
    const forward = spawn(program, args, { env: env() });
    let said = '';
    forward.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const port = await eventually(() => /127\.0\.0\.1:(\d+) -> 8080/.exec(said)?.[1]);
    expect(await (await fetch(`http://127.0.0.1:${port}/version`)).json()).toMatchObject({ role: 'gateway' });
    forward.kill();
  });

  given(name('exec, attach and port-forward over SPDY, as older clients do'), async () => {
    const spdy = {
      KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false',
      KUBECTL_PORT_FORWARD_WEBSOCKETS: 'false',
    };
    expect(await ok('exec -i deploy/web -- cat', { stdin: 'typed\n', env: spdy })).toBe('typed\n');
    const failed = await kubectl(['exec', 'deploy/web', '--', 'sh', '-c', 'echo no >&2; exit 7'], {
      env: spdy,
    });
    expect(failed).toMatchObject({ code: 7, stderr: 'no\ncommand terminated with exit code 7\n' });
    await ok('run echoes --image=busybox:1.37 --restart=Never -i --attach=false --command -- cat');
    await ok('wait --for=condition=Ready pod/echoes --timeout=60s');
    expect(await ok('attach -i echoes --quiet', { stdin: 'said\n', env: spdy })).toBe('said\n');
    const args = words('port-forward -n shop service/gateway :80');
    const forward = spawn(program, args, { env: { ...env(), ...spdy } });
    let said = '';
    forward.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const port = await eventually(() => /127\.0\.0\.1:(\d+) -> 8080/.exec(said)?.[1]);
    const answers = await Promise.all(
      Array.from({ length: 5 }, async () => (await fetch(`http://127.0.0.1:${port}/version`)).status),
    );
    expect(answers).toEqual([200, 200, 200, 200, 200]);
    forward.kill();
  });

  const terminal = findProgram('script');
  (terminal === undefined ? test.skip : given)(
    name(
      terminal === undefined ? 'exec -it (skipped: no program `script`)' : 'exec -it: a shell at a terminal',
    ),
    async () => {
      const command = `stty cols 100 rows 30; ${[program, ...words('exec -it deploy/web -- sh')].join(' ')}`;
      const session = spawn(terminal ?? '', ['-qec', command, '/dev/null'], {
        env: { ...env(), TERM: 'xterm' },
      });
      let shown = '';
      session.stdout.on('data', (chunk: Buffer) => (shown += chunk.toString()));
      const sees = (text: string): Promise<true> =>
        eventually(() => shown.includes(text) || undefined, { describe: () => `shown: ${shown}` });
      const ended = new Promise((resolve) => session.on('close', resolve));
      await sees('/ # ');
      session.stdin.write('stty size; echo $((6 * 7))\r');
      await sees('30 100\r\n42\r\n/ # ');
      // Control-C ends what runs, not the shell.
      session.stdin.write('sleep 1000\r');
      await sees('sleep 1000\r\n');
      session.stdin.write('\u0003');
      await sees('^C\r\n/ # ');
      session.stdin.write('exit 3\r');
      expect(await ended).toBe(3);
      expect(shown).toMatch(/command terminated with exit code 3\r\n$/);
    },
  );

  given(name('autoscale'), async () => {
    expect(await ok('autoscale deploy web --cpu-percent=50 --max=3')).toBe(
      'horizontalpodautoscaler.autoscaling/web autoscaled\n',
    );
    expect(await ok('get hpa web')).toMatch(/^web +Deployment\/web +cpu: <unknown>\/50% +1 +3 +[01] +\d+s$/m);
    await ok('wait hpa/web --for=condition=AbleToScale --timeout=60s');
    expect(await ok('describe hpa web')).toMatch(
      /ScalingActive +False +FailedGetResourceMetric +the HPA was unable to compute the replica count: /,
    );
    await ok('delete hpa web');
  });

  given(name('expose, explain, api-resources, auth can-i, top, delete'), async () => {
    expect(await ok('expose deploy web --port=80 --target-port=8080')).toBe('service/web exposed\n');
    expect(await ok('explain deployment.spec.strategy')).toMatch(/^ +enum: Recreate, RollingUpdate$/m);
    expect(await ok('api-resources --api-group=apps')).toMatch(
      /^deployments +deploy +apps\/v1 +true +Deployment$/m,
    );
    expect(await ok('auth can-i delete pods')).toBe('yes\n');
    for (const what of ['pods', 'nodes']) {
      expect(await kubectl(`top ${what}`)).toMatchObject({
        code: 1,
        stderr: 'error: Metrics API not available\n',
      });
    }
    expect(await ok('delete deploy,svc web')).toMatch(
      /^deployment\.apps "web" deleted.*\nservice "web" deleted/,
    );
    expect(await ok(`delete namespace ${namespace} --wait=false`)).toBe(`namespace "${namespace}" deleted\n`);
  });
});
