import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/core/package-root.ts';
import { type Lab, type Newcomer, newcomer } from '../helpers/lab.ts';
import { type Ended, eventually, run } from '../helpers/processes.ts';

/** What a newcomer does, as processes: the built command line and real kubectl. */
jest.setTimeout(180_000);

const bin = join(packageRoot, 'dist', 'breakfix.js');
let user: Newcomer;
beforeAll(() => {
  user = newcomer();
});
afterAll(async () => {
  await user[Symbol.asyncDispose]();
});

const document = (ended: Ended): Record<string, unknown> =>
  JSON.parse(ended.stdout) as Record<string, unknown>;
const errorOf = (ended: Ended): { code?: string; kind?: string; message?: string; fix?: string } =>
  document(ended)['error'] ?? {};

const REPAIR = [
  'patch',
  'deployment',
  'refunds',
  '-n',
  'shop',
  '--type=json',
  '-p',
  '[{"op":"replace","path":"/spec/template/spec/containers/0/readinessProbe/httpGet/port","value":"http"}]',
];

describe('the newcomer’s path', () => {
  let lab: Lab;
  const mine = '# mine\n';

  beforeAll(async () => {
    mkdirSync(join(user.home, '.kube'));
    writeFileSync(join(user.home, '.kube', 'config'), mine);
    // Nobody types anything, and the input stays open: it must not be read.
    const started = await user.breakfix(['start', 'INC-2041', '--seed', '1'], { stdin: { open: true } });
    expect(started).toMatchObject({ code: 0 });
    expect(started.stdout).toMatch(/^\nINC-2041 · Customers cannot be served\n/);
    expect(started.stdout).toContain('Rules\n- Probes are company policy');
    expect(started.stdout).toContain('House rules\n- No pod of refunds');
    expect(started.stderr).toMatch(/✓ symptom proven/);
    lab = user.lab('inc-2041');
    expect(started.stdout).toContain(`export KUBECONFIG=${lab.kubeconfig}\n`);
  });

  test('a second start finds the running lab', async () => {
    const { pid } = lab;
    const again = await user.breakfix(['start', '--json']);
    expect(again).toMatchObject({ code: 0, stderr: '' });
    expect(document(again)).toMatchObject({ lab: 'inc-2041', incident: 'INC-2041', seed: 1 });
    expect(lab.pid).toBe(pid);
    expect(user.labProcesses()).toEqual([pid]);
  });

  test('get, describe, events, logs and exec show the failure as it is', async () => {
    const pods = await lab.ok('get pods -A');
    expect(pods).toMatch(/^shop +refunds-\S+ +0\/1 +Running +0 +[7-9]m(?:\d+s)?$/m);
    expect(pods).toMatch(/^kube-system +coredns-\S+ +1\/1 +Running +0 /m);
    const [pod = ''] = (await lab.ok('-n shop get pod -l app=refunds -o name')).split('\n');
    const described = await lab.ok(`-n shop describe ${pod}`);
    expect(described).toMatch(
      / Warning +Unhealthy +\S+ \(x\d+ over [7-9]m(?:\d+s)?\) +kubelet +(?:spec\.containers\{refunds\}: )?Readiness probe failed: Get "http:\/\/10\.244\.1\.\d+:\d+\/readyz": dial tcp 10\.244\.1\.\d+:\d+: connect: connection refused\n/,
    );
    expect(await lab.ok('get events -A')).not.toContain('<invalid>');
    expect(await lab.ok('-n shop logs deploy/refunds')).toContain('"message":"listening","port":8080');
    expect(await lab.ok('-n shop exec deploy/refunds -- node /app/shop.mjs ready')).toBe('ok\n');
  });

  test('an untouched lab fails with nothing', async () => {
    const graded = await user.breakfix(['grade']);
    expect(graded.code).toBe(1);
    expect(graded.stdout).toMatch(/^FAIL +0\/100/);
    const status = document(await user.breakfix(['status', '--json']));
    expect(status).toMatchObject({
      labs: [
        {
          lab: 'inc-2041',
          incident: 'INC-2041',
          provider: 'embedded',
          state: 'running',
          hints: 0,
          symptom: '3 of 3 symptoms still show',
        },
      ],
      debris: [],
    });
  });

  test('two grades at once: one grades, the other says who does', async () => {
    const both = await Promise.all([user.breakfix(['grade', '--json']), user.breakfix(['grade', '--json'])]);
    for (const one of both) {
      expect([1, 2]).toContain(one.code);
      if (one.code === 2) expect(errorOf(one)).toMatchObject({ code: 'LAB_BUSY', kind: 'user' });
      else expect(document(one)).toMatchObject({ verdict: 'fail', points: 0 });
    }
    expect(both.map(({ code }) => code)).toContain(1);
  });

  test('the repair passes with all points; a hint is told, and costs when it is graded again', async () => {
    expect(await lab.ok(REPAIR)).toBe('deployment.apps/refunds patched\n');
    expect(await lab.ok('-n shop rollout status deployment/refunds --timeout=60s')).toContain(
      'successfully rolled out',
    );
    const graded = await user.breakfix(['grade']);
    expect(graded.stdout).toMatch(/^PASS +100\/100/);
    expect(graded.code).toBe(0);
    expect(document(await user.breakfix(['hint', '--json']))).toMatchObject({ number: 1, price: 5 });
    const again = await user.breakfix(['grade', '--json']);
    expect(document(again)).toMatchObject({ verdict: 'pass', points: 95, most: 100 });
  });

  test('stop leaves nothing, and the user’s own kubeconfig was never touched', async () => {
    expect(await user.breakfix(['stop'])).toMatchObject({ code: 0, stdout: 'stopped inc-2041\n' });
    expect(existsSync(lab.folder)).toBe(false);
    expect(user.labProcesses()).toEqual([]);
    expect(readFileSync(join(user.home, '.kube', 'config'), 'utf8')).toBe(mine);
    expect(document(await user.breakfix(['status', '--json']))).toEqual({ labs: [], debris: [] });
  });
});

describe('several labs', () => {
  let a: Lab;
  let b: Lab;
  beforeAll(async () => {
    [a, b] = await Promise.all([
      user.start(['INC-2163', '--seed', '3']),
      user.start(['INC-2107', '--seed', '4']),
    ]);
  });

  test('the certificate of one opens nothing in the other', async () => {
    const server = /server: (\S+)/.exec(readFileSync(a.kubeconfig, 'utf8'))?.[1] ?? '';
    const asked = await b.kubectl(['--server', server, '--insecure-skip-tls-verify', 'get', 'pods']);
    expect(asked.code).toBe(1);
    expect(asked.stderr).toMatch(/^error: You must be logged in to the server \(.*\)$/m);
    const mistrusted = await b.kubectl(['--server', server, 'get', 'pods']);
    expect(mistrusted.stderr).toContain('certificate signed by unknown authority');
  });

  test('do not disturb each other, and stop --all leaves no process, folder or socket', async () => {
    expect(new Set([a.pid, b.pid, ...user.labProcesses()]).size).toBe(2);
    // One with restarts: the container before can be asked, but in the moment in which the last one has just ended, when
    // the kubelet has removed what the status still calls the one before.
    const pod = (await a.ok('-n shop get pods -l app=checkout -o name')).split('\n')[0] ?? '';
    const previous = (): Promise<string> => a.ok(['-n', 'shop', 'logs', '--previous', pod]);
    await eventually(async () => ((await previous()).includes('"role":"checkout"') ? true : undefined));
    await b.ok('delete namespace shop --wait=false');
    expect(await a.ok('get ns shop')).toMatch(/^shop +Active/m);
    const unnamed = await user.breakfix(['grade', '--json']);
    expect(unnamed.code).toBe(2);
    expect(errorOf(unnamed).message).toContain('2 labs are running: ');
    const gone = await user.breakfix(['grade', b.name, '--json']);
    expect(document(gone)).toMatchObject({ verdict: 'fail', points: 0 });
    const stopped = await user.breakfix(['stop', '--all', '--json']);
    expect(stopped).toMatchObject({ code: 0, stderr: '' });
    expect(document(stopped)).toEqual({ stopped: expect.arrayContaining([a.name, b.name]) });
    expect(user.labProcesses()).toEqual([]);
    expect(readdirSync(join(user.state, 'breakfix', 'labs'))).toEqual([]);
  });
});

describe('wrong use', () => {
  test.each<[string[], number, object]>([
    [['start', 'INC-2042'], 2, { code: 'SCENARIO_UNKNOWN', fix: expect.any(String) }],
    [['start', '--provider', 'embeded'], 2, { code: 'PROVIDER_UNKNOWN', fix: '--provider embedded' }],
    [['start', '--seed', '-1'], 2, { kind: 'user' }],
    [['start', '--seed', 'x'], 2, { kind: 'user' }],
    [['start', '--seed', '1.5'], 2, { kind: 'user' }],
    [['start', '--seed', '4294967296'], 2, { kind: 'user' }],
    [['start', '--area', 'nowhere'], 2, { code: 'AREA_UNKNOWN' }],
    [['grade'], 2, { kind: 'user', message: 'no lab is running' }],
    [['grade', 'inc-1'], 2, { kind: 'user' }],
    [['stop', 'inc-1'], 2, { kind: 'user' }],
    [['strat'], 2, { code: 'USAGE' }],
    [['start', '--nonsense'], 2, { code: 'USAGE' }],
  ])('%j ends with %i', async (args, code, expected) => {
    const ended = await user.breakfix([...args, '--json']);
    expect(ended.code).toBe(code);
    expect(errorOf(ended)).toMatchObject(expected);
    expect(ended.stdout.trim().split('\n')).toHaveLength(1);
    expect(user.labProcesses()).toEqual([]);
  });

  test('the closest match of an unknown name is offered', async () => {
    const ended = await user.breakfix(['start', 'INC-2042']);
    expect(ended.stdout).toBe('');
    expect(ended.stderr).toMatch(/^error .*INC-2042.*closest.*INC-2041/s);
  });

  test('a state folder that cannot be written is the machine’s matter', async () => {
    const file = join(user.home, 'a-file');
    writeFileSync(file, '');
    const ended = await user.breakfix(['start', '--json'], { env: { XDG_STATE_HOME: file } });
    expect(ended.code).toBe(3);
    expect(errorOf(ended)).toMatchObject({ code: 'STATE_FOLDER_UNWRITABLE', kind: 'environment' });
    expect(readFileSync(file, 'utf8')).toBe('');
  });

  test('a reader that leaves early, as `| head` does, is no error', async () => {
    const ended = await run(
      'bash',
      ['-c', `"${process.execPath}" "${bin}" list | true; exit \${PIPESTATUS[0]}`],
      {
        env: user.env,
      },
    );
    expect(ended).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  test('Ctrl-C in the middle of a start leaves nothing', async () => {
    const { spawn } = await import('node:child_process');
    const child = spawn(process.execPath, [bin, 'start', 'INC-2041'], { env: user.env, stdio: 'ignore' });
    await eventually(() => user.labProcesses().length > 0 || undefined);
    child.kill('SIGINT');
    const code = await new Promise((resolve) => child.once('exit', resolve));
    expect(code).toBe(130);
    expect(user.labProcesses()).toEqual([]);
    expect(document(await user.breakfix(['status', '--json']))).toEqual({ labs: [], debris: [] });
  });
});
