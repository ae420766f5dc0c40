import { describe, expect, test } from '@jest/globals';
import type { Program, ProgramContext } from '../../../../src/cluster/runtime/types.ts';
import { imageOf, Lab, type Running, sleeper } from './lab.ts';

const ROOT = { uid: 0, gid: 0 };

/** Prints what it sees of other processes. */
const look: Program = (context) => {
  for (const { pid, command } of context.processes.list())
    context.stdout.write(`${pid} ${command.join(' ')}\n`);
  return Promise.resolve(0);
};
const read =
  (path: string): Program =>
  ({ files, stdout, stderr }) => {
    try {
      stdout.write(files.readText(path));
      return Promise.resolve(0);
    } catch (error) {
      stderr.write(String(error));
      return Promise.resolve(1);
    }
  };
const kill =
  (pid: number): Program =>
  ({ processes }: ProgramContext) =>
    Promise.resolve(processes.kill(pid, 'SIGKILL') ? 0 : 1);

const tools = {
  '/bin/look': look,
  '/bin/note': read('/proc/1/root/etc/note'),
  '/bin/own': read('/proc/self/root/etc/note'),
  '/bin/kill-1': kill(1),
  '/bin/kill-2': kill(2),
};
const target = imageOf({ '/app': sleeper, ...tools }, [{ path: '/etc/note', content: 'of the target\n' }]);
const tool = imageOf({ '/sh': sleeper, ...tools }, [{ path: '/etc/note', content: 'of the tool\n' }]);

/** A container, and another that is to see its processes. */
function pair(user = ROOT): { lab: Lab; web: Running; debug: Running } {
  const lab = new Lab();
  const web = lab.start({ image: target, user });
  const debug = lab.start({ image: tool, name: 'debug', user, processes: web.container.processes });
  return { lab, web, debug };
}

describe('a container that sees the processes of another', () => {
  test('both see all of them', async () => {
    const { lab, web, debug } = pair();
    expect((await lab.exec(debug.container, ['/bin/look'])).stdout).toBe('1 /app\n2 /sh\n3 /bin/look\n');
    expect((await lab.exec(web.container, ['/bin/look'])).stdout).toBe('1 /app\n2 /sh\n4 /bin/look\n');
  });

  test('finds the files of the other below /proc', async () => {
    const { lab, web, debug } = pair();
    expect((await lab.exec(debug.container, ['/bin/note'])).stdout).toBe('of the target\n');
    expect((await lab.exec(debug.container, ['/bin/own'])).stdout).toBe('of the tool\n');
    expect((await lab.exec(web.container, ['/bin/note'])).stdout).toBe('of the target\n');
  });

  test('unless it runs as somebody else', async () => {
    const lab = new Lab();
    const web = lab.start({ image: target });
    const debug = lab.start({
      image: tool,
      user: { uid: 1000, gid: 1000 },
      processes: web.container.processes,
    });
    expect((await lab.exec(debug.container, ['/bin/note'])).stderr).toMatch(/EACCES/);
  });

  test('ends when the other ends, as its pid 1 is gone', async () => {
    const { lab, web, debug } = pair();
    await lab.advance(1);
    web.container.kill('SIGKILL');
    await lab.advance(1);
    expect([web.exit?.code, debug.exit?.code]).toEqual([137, 137]);
  });

  test('may end by itself, and does not stop the other by killing pid 1', async () => {
    const { lab, web, debug } = pair();
    await lab.exec(debug.container, ['/bin/kill-1']);
    expect(web.exit).toBeUndefined();
    await lab.exec(web.container, ['/bin/kill-2']);
    expect([web.exit, debug.exit?.code]).toEqual([undefined, 137]);
    expect((await lab.exec(web.container, ['/bin/look'])).stdout).not.toContain('/sh');
  });

  test('is not safe from a signal that it does not handle: it has not pid 1', async () => {
    const { lab, web, debug } = pair();
    await lab.advance(1);
    debug.container.kill('SIGTERM');
    web.container.kill('SIGTERM');
    await lab.advance(1);
    expect([web.exit, debug.exit?.code]).toEqual([undefined, 143]);
  });
});

test('containers of a pod that shares its processes see each other and the process of the pod', async () => {
  const lab = new Lab();
  const processes = lab.runtime.createProcessNamespace('pod');
  const one = lab.start({ image: target, processes });
  const other = lab.start({ image: tool, processes });
  expect((await lab.exec(other.container, ['/bin/look'])).stdout).toBe(
    '1 /pause\n2 /app\n3 /sh\n4 /bin/look\n',
  );
  // It has no files that anybody may see.
  expect((await lab.exec(other.container, ['/bin/note'])).code).toBe(1);
  one.container.kill('SIGKILL');
  await lab.advance(1);
  expect([one.exit?.code, other.exit]).toEqual([137, undefined]);
});
