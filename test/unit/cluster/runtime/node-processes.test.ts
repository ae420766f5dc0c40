import { describe, expect, test } from '@jest/globals';
import type { Program } from '../../../../src/cluster/runtime/types.ts';
import { imageOf, Lab, type Running, sleeper } from './lab.ts';

const look: Program = ({ processes, stdout }) => {
  for (const { pid, parent, command } of processes.list())
    stdout.write(`${pid} ${parent} ${command.join(' ')}\n`);
  return Promise.resolve(0);
};
/** `kill PID SIGNAL` */
const kill: Program = ({ args, processes }) =>
  Promise.resolve(processes.kill(Number(args[1]), args[2] as 'SIGKILL') ? 0 : 1);
/** `cat PATH` */
const cat: Program = ({ args, files, stdout }) => {
  stdout.write(files.readText(args[1] ?? ''));
  return Promise.resolve(0);
};

const app = imageOf({ '/app': sleeper, '/bin/look': look }, [{ path: '/etc/note', content: 'of the app\n' }]);
const tools = imageOf({ '/sh': sleeper, '/bin/look': look, '/bin/kill': kill, '/bin/cat': cat });
const SHIM = '/usr/local/bin/containerd-shim-runc-v2 -namespace k8s.io -id ';

/** A pod with two containers, and one that sees the node's processes. */
function node(): { lab: Lab; web: Running; other: Running; debug: Running } {
  const lab = new Lab();
  const web = lab.start({ image: app, sandbox: 'one' });
  const other = lab.start({ image: app, sandbox: 'one', name: 'other' });
  const debug = lab.start({
    image: tools,
    sandbox: 'two',
    name: 'debug',
    processes: lab.runtime.nodeProcesses,
  });
  return { lab, web, other, debug };
}

const run = async (lab: Lab, { container }: Running, ...command: string[]): Promise<string> =>
  (await lab.exec(container, command)).stdout;

describe('a container that sees the processes of its node', () => {
  test('sees its system, every pod with what holds it together, and itself', async () => {
    const { lab, debug } = node();
    const lines = (await run(lab, debug, '/bin/look')).replaceAll(SHIM, 'shim ');
    expect(
      lines
        .trimEnd()
        .split('\n')
        .map((line) => line.replace(/ -address.*/, '')),
    ).toEqual([
      '1 0 /init',
      '90 1 /kubelet --v=2',
      '91 0 /sh',
      '92 0 /bin/look',
      '93 1 shim one',
      '94 93 /pause',
      '95 93 /app',
      '96 93 /app',
      '97 1 shim two',
      '98 97 /pause',
    ]);
  });

  test('numbers stay; they are none of the containers’ own', async () => {
    const { lab, web, debug } = node();
    const appsIn = (text: string): string[] => text.match(/^\d+ \d+ \/app$/gm) ?? [];
    const before = appsIn(await run(lab, debug, '/bin/look'));
    await run(lab, debug, '/bin/look');
    expect(appsIn(await run(lab, debug, '/bin/look'))).toEqual(before);
    expect(await run(lab, web, '/bin/look')).toMatch(/^1 0 \/app\n\d+ 0 \/bin\/look\n$/);
  });

  test('finds the files of containers below /proc, and how their processes are', async () => {
    const { lab, debug } = node();
    await run(lab, debug, '/bin/look');
    expect(await run(lab, debug, '/bin/cat', '/proc/95/root/etc/note')).toBe('of the app\n');
    expect(await run(lab, debug, '/bin/cat', '/proc/95/cmdline')).toBe('/app\0');
    expect(await run(lab, debug, '/bin/cat', '/proc/95/status')).toMatch(/^Pid:\t95\nPPid:\t93$/m);
  });

  test('may end a container; the first process of one is safe from what it does not handle', async () => {
    const { lab, web, other, debug } = node();
    await run(lab, debug, '/bin/look');
    await run(lab, debug, '/bin/kill', '95', 'SIGTERM');
    expect(web.exit).toBeUndefined();
    await run(lab, debug, '/bin/kill', '95', 'SIGKILL');
    expect([web.exit?.code, other.exit]).toEqual([137, undefined]);
  });

  test('does not end the node’s system, and nobody who is not there', async () => {
    const { lab, debug } = node();
    expect((await lab.exec(debug.container, ['/bin/kill', '90', 'SIGKILL'])).code).toBe(0);
    expect(await run(lab, debug, '/bin/look')).toContain('90 1 /kubelet');
    expect((await lab.exec(debug.container, ['/bin/kill', '4711', 'SIGKILL'])).code).toBe(1);
  });

  test('a pod that is gone is seen no more', async () => {
    const { lab, web, other, debug } = node();
    web.container.remove();
    expect(await run(lab, debug, '/bin/look')).toContain(`${SHIM}one`);
    other.container.remove();
    expect(await run(lab, debug, '/bin/look')).not.toContain(`${SHIM}one`);
  });
});
