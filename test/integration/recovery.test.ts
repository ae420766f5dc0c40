import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type Lab, type Newcomer, newcomer } from '../helpers/lab.ts';
import { type Ended, eventually } from '../helpers/processes.ts';

/** A lab whose process was killed comes back as it was, and what cannot come back says why. */
jest.setTimeout(240_000);

let user: Newcomer;
let lab: Lab;
beforeAll(async () => {
  user = newcomer();
  // Its shop's checkout runs into its memory limit: it has restarts, and goes on having them.
  lab = await user.start(['INC-2163', '--seed', '5']);
});
afterAll(async () => {
  await user[Symbol.asyncDispose]();
});

const log = (): string => join(lab.folder, 'inputs.jsonl');
const errorOf = (ended: Ended): Record<string, string> =>
  (JSON.parse(ended.stdout) as { error: Record<string, string> }).error;

async function kill(): Promise<void> {
  const { pid } = lab;
  process.kill(pid, 'SIGKILL');
  await eventually(() => (user.labProcesses().includes(pid) ? undefined : true));
}

/** Any command brings a lab back. */
async function revive(): Promise<void> {
  const status = await user.breakfix(['hint', '--json']);
  if (status.code !== 0) throw new Error(status.stdout + status.stderr);
}

/** What was asked for, without what the living cluster changes meanwhile: checkout goes on being killed. */
const objects = async (): Promise<unknown> => {
  const list = await lab.ok('-n shop get deploy,cm,secret,svc,sa,pvc,statefulset -o json');
  return JSON.parse(list, (key, value: unknown) =>
    key === 'status' || key === 'resourceVersion' ? undefined : value,
  ) as unknown;
};

describe('kill -9 of the lab’s process', () => {
  test('kubectl finds nobody, the next command brings it back: same port, same credentials, all changes', async () => {
    const kubeconfig = readFileSync(lab.kubeconfig, 'utf8');
    await lab.ok('-n shop create configmap mine --from-literal=a=1');
    await lab.ok('-n shop scale deployment fx --replicas=3');
    await lab.ok('-n shop rollout status deployment/fx --timeout=90s');
    await lab.ok('run box --image=busybox:1.37 --command -- sleep 100000');
    await lab.ok('wait --for=condition=Ready pod/box --timeout=60s');
    const written = await lab.ok(
      ['exec', '-i', 'box', '--', 'sh', '-c', 'cat > /tmp/notes; wc -c < /tmp/notes'],
      {
        stdin: 'typed by hand\n',
      },
    );
    expect(written.trim()).toBe('14');
    const before = await objects();
    const { pid } = lab;
    await kill();
    const refused = await lab.kubectl('get pods');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('was refused');
    expect((await user.breakfix(['status'])).stdout).toContain(`${lab.name} brings it back as it was`);
    await revive();
    expect(lab.pid).not.toBe(pid);
    expect(user.labProcesses()).toEqual([lab.pid]);
    expect(readFileSync(lab.kubeconfig, 'utf8')).toBe(kubeconfig);
    expect(await objects()).toEqual(before);
    expect(await lab.ok('exec box -- cat /tmp/notes')).toBe('typed by hand\n');
    expect(await lab.ok('-n shop delete configmap mine')).toContain('deleted');
  });

  test('a shell that was open has lost its client; others are served', async () => {
    const shell = spawn('kubectl', ['exec', '-i', 'box', '--', 'sh'], {
      env: { ...user.env, KUBECONFIG: lab.kubeconfig },
    });
    shell.stdin.write('echo one > /tmp/one; echo done\n');
    await new Promise((resolve) => shell.stdout.once('data', resolve));
    // Listened for before it can happen.
    const ended = new Promise((resolve) => shell.once('exit', resolve));
    await kill();
    await ended;
    await revive();
    expect(readFileSync(log(), 'utf8').trim().split('\n').at(-1)).toContain('"type":"close"');
    expect(await lab.ok('exec box -- cat /tmp/one')).toBe('one\n');
  });

  test('two commands at once bring back one lab', async () => {
    await kill();
    const both = await Promise.all([user.breakfix(['hint', '--json']), user.breakfix(['status', '--json'])]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(user.labProcesses()).toEqual([lab.pid]);
    await lab.ok('-n shop create configmap after-both');
    await kill();
    await revive();
    await lab.ok('-n shop delete configmap after-both');
  });

  test('a torn last line of the log is dropped', async () => {
    await lab.ok('-n shop create configmap whole');
    await kill();
    appendFileSync(log(), '{"at":1795305601000000,"events":12,"inp');
    await revive();
    await lab.ok('-n shop get configmap whole');
    await lab.ok('-n shop delete configmap whole');
    expect(readFileSync(log(), 'utf8')).not.toContain('"inp\n');
  });

  test('nine hours asleep: no restarts of nine hours, ages as on a laptop that slept', async () => {
    const restarts = async (): Promise<number> =>
      Number(
        await lab.ok([
          '-n',
          'shop',
          'get',
          'pods',
          '-o',
          'jsonpath={.items[0].status.containerStatuses[0].restartCount}',
        ]),
      );
    const before = await restarts();
    const path = join(lab.folder, 'alive');
    // As if the machine had slept from now on for nine hours: the lab is nine hours older than it knows.
    await kill();
    const events = readFileSync(log(), 'utf8').trim().split('\n');
    const nineHours = 9 * 3600;
    // The last input was at the hand-over or later; the clock cannot go back behind it.
    const seen = statSync(path).mtimeMs / 1000;
    shiftLog(log(), -nineHours);
    utimesSync(path, seen - nineHours, seen - nineHours);
    await revive();
    const records = readFileSync(log(), 'utf8').trim().split('\n');
    expect(records.length).toBeGreaterThan(events.length);
    const gap = JSON.parse(records[events.length] ?? '') as { input: { type: string; by: number } };
    expect(gap.input.type).toBe('gap');
    expect(gap.input.by / 1_000_000).toBeGreaterThan(nineHours - 1);
    expect(await restarts()).toBeLessThanOrEqual(before + 2);
    expect(await lab.ok('-n shop get pods -l app=gateway')).toMatch(/ 9h\d*m?$/m);
    expect(await lab.ok('get events -A')).not.toContain('<invalid>');
    expect(await user.breakfix(['grade', '--json'])).toMatchObject({ code: 1 });
  });
});

describe('what cannot come back', () => {
  const untouched = async (change: () => void, work: () => Promise<void>): Promise<void> => {
    const text = readFileSync(log());
    change();
    try {
      await work();
    } finally {
      writeFileSync(log(), text);
    }
  };

  test('a corrupt line in the middle is named, with a way out', async () => {
    await kill();
    const lines = readFileSync(log(), 'utf8').split('\n');
    await untouched(
      () => writeFileSync(log(), lines.with(4, '{"at": 17').join('\n')),
      async () => {
        const ended = await user.breakfix(['grade', '--json']);
        expect(ended.code).toBe(4);
        expect(errorOf(ended)).toMatchObject({ code: 'LAB_LOG_UNREADABLE', kind: 'lab' });
        expect(errorOf(ended)['message']).toContain('inputs.jsonl:5 is not JSON');
        expect(errorOf(ended)['fix']).toMatch(/breakfix reset inc-2163 .*breakfix stop inc-2163 /);
        expect(await user.breakfix(['status', '--json'])).toMatchObject({ code: 0 });
      },
    );
  });

  test('a log that leads elsewhere is refused', async () => {
    const lines = readFileSync(log(), 'utf8').split('\n');
    await untouched(
      () => writeFileSync(log(), lines.toSpliced(4, 1).join('\n')),
      async () => {
        const ended = await user.breakfix(['grade', '--json']);
        expect(ended.code).toBe(4);
        expect(errorOf(ended)).toMatchObject({ code: 'LAB_LOG_UNREADABLE', kind: 'lab' });
        expect(errorOf(ended)['message']).toMatch(
          /expects event \d+ and revision \d+; the replay is at event/,
        );
      },
    );
  });

  test('a log of another version is refused, and kept', async () => {
    const [header = '', ...rest] = readFileSync(log(), 'utf8').split('\n');
    await untouched(
      () =>
        writeFileSync(
          log(),
          [header.replace(/"breakfix":"[^"]+"/, '"breakfix":"0.0.9"'), ...rest].join('\n'),
        ),
      async () => {
        const ended = await user.breakfix(['grade', '--json']);
        expect(ended.code).toBe(4);
        expect(errorOf(ended)).toMatchObject({ code: 'LAB_OTHER_VERSION' });
        expect(errorOf(ended)['message']).toContain('0.0.9');
        expect(user.labProcesses()).toEqual([]);
      },
    );
  });

  test('a port that somebody else has taken meanwhile', async () => {
    const port = Number(
      /server: https:\/\/127\.0\.0\.1:(\d+)/.exec(readFileSync(lab.kubeconfig, 'utf8'))?.[1],
    );
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    try {
      const ended = await user.breakfix(['grade', '--json']);
      expect(ended.code).toBe(3);
      expect(errorOf(ended)).toMatchObject({ code: 'LAB_PORT_TAKEN', kind: 'environment' });
      expect(errorOf(ended)['message']).toContain(String(port));
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
    // Once the port is free it comes back.
    expect(await user.breakfix(['grade', '--json'])).toMatchObject({ code: 1 });
  });

  test('a process that hangs is an error of the lab, and is ended by stop', async () => {
    const { pid } = lab;
    process.kill(pid, 'SIGSTOP');
    const graded = await user.breakfix(['grade', '--json']);
    expect(graded.code).toBe(4);
    expect(errorOf(graded)).toMatchObject({ code: 'LAB_UNREACHABLE', kind: 'lab' });
    expect(JSON.parse((await user.breakfix(['status', '--json'])).stdout)).toMatchObject({
      labs: [{ state: 'hung' }],
    });
    expect(await user.breakfix(['stop', '--json'])).toMatchObject({ code: 0 });
    expect(user.labProcesses()).toEqual([]);
    expect(existsSync(lab.folder)).toBe(false);
  });
});

describe('kill -9 in the middle of a start', () => {
  /** Where a start is when it is killed: something that can be seen in the state folder. */
  const moments: [string, (folder: string) => boolean][] = [
    ['as soon as the lab has a record', (folder) => existsSync(join(folder, 'lab.json'))],
    ['when the lab’s process is being started', (folder) => existsSync(join(folder, 'inputs.jsonl'))],
    ['when the API answers', (folder) => existsSync(join(folder, 'control.sock'))],
    ['when the shop has been deployed', (folder) => phases(folder).includes('shop')],
    ['when it is broken', (folder) => phases(folder).includes('fault')],
  ];
  const phases = (folder: string): string[] =>
    existsSync(join(folder, 'journal.jsonl'))
      ? [...readFileSync(join(folder, 'journal.jsonl'), 'utf8').matchAll(/"phase":"(\w+)"/g)].map(
          ([, name = '']) => name,
        )
      : [];

  test.each(moments)('%s', async (_name, reached) => {
    const folder = join(user.state, 'breakfix', 'labs', 'inc-2041');
    const bin = join(import.meta.dirname, '..', '..', 'dist', 'breakfix.js');
    const child = spawn(process.execPath, [bin, 'start', 'INC-2041', '--seed', '6'], {
      env: user.env,
      stdio: 'ignore',
    });
    const over = new Promise((resolve) => child.once('exit', resolve));
    await eventually(() => reached(folder) || undefined, { withinMs: 90_000 });
    child.kill('SIGKILL');
    await over;
    const status = await user.breakfix(['status', '--json']);
    expect(status.code).toBe(0);
    expect(JSON.parse(status.stdout)).toMatchObject({
      labs: [{ lab: 'inc-2041', state: expect.stringMatching(/^starting/) }],
    });
    const graded = await user.breakfix(['grade', '--json']);
    expect(graded.code).toBe(4);
    expect(errorOf(graded)).toMatchObject({ code: 'LAB_NOT_RUNNING' });
    expect(await user.breakfix(['stop', '--all', '--json'])).toMatchObject({ code: 0 });
    await eventually(() => (user.labProcesses().length === 0 ? true : undefined));
    expect(readdirSync(join(user.state, 'breakfix', 'labs'))).toEqual([]);
  });
});

/** Moves a whole lab in time: the same log on another clock is the same lab, earlier. */
function shiftLog(path: string, seconds: number): void {
  const by = seconds * 1_000_000;
  const [header = '', ...lines] = readFileSync(path, 'utf8').trim().split('\n');
  const shifted = [
    header.replace(/"epoch":(\d+)/, (_text, epoch) => `"epoch":${Number(epoch) + by}`),
    ...lines.map((line) => line.replace(/^\{"at":(\d+)/, (_text, at) => `{"at":${Number(at) + by}`)),
  ];
  writeFileSync(path, `${shifted.join('\n')}\n`);
}
