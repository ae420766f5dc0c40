import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import { MAX_PROCESSES } from '../../../../src/cluster/runtime/process-table.ts';
import type {
  InputStream,
  OutputStream,
  Program,
  ProgramContext,
} from '../../../../src/cluster/runtime/types.ts';
import { cat, imageOf, Lab, sleeper } from './lab.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

const readAll = async (input: InputStream): Promise<string> => {
  let all = '';
  for (let bytes = await input.read(); bytes !== undefined; bytes = await input.read()) all += text(bytes);
  return all;
};

const upper: Program = async ({ stdin, stdout }) => {
  stdout.write((await readAll(stdin)).toUpperCase());
  return 0;
};

/** Writes for ever. */
const yes: Program = async ({ stdout, cpu }) => {
  for (;;) {
    stdout.write('y\n');
    await cpu.spend(10);
  }
};

/** Connects commands by pipes as a shell does, and gives their exit codes. */
async function pipeline(
  context: ProgramContext,
  commands: readonly (readonly string[])[],
): Promise<number[]> {
  const exits: Promise<number>[] = [];
  let stdin: InputStream | undefined;
  commands.forEach((command, index) => {
    const pipe = index === commands.length - 1 ? undefined : context.processes.pipe();
    const child = context.processes.spawn(command, {
      ...(stdin === undefined ? {} : { stdin }),
      ...(pipe === undefined ? {} : { stdout: pipe.output }),
    });
    pipe?.output.end();
    stdin = pipe?.input;
    if (child !== undefined) exits.push(child.exited);
  });
  return Promise.all(exits);
}

const tools = { '/bin/cat': cat, '/bin/upper': upper, '/bin/yes': yes };

async function runShell(shell: Program, files: Readonly<Record<string, Program>> = {}): Promise<Lab> {
  const lab = new Lab();
  await lab.run(shell, { image: imageOf({ '/bin/shell': shell, ...tools, ...files }) });
  return lab;
}

describe('pipes', () => {
  test('a chain of commands ends when the first one does', async () => {
    const echo: Program = ({ stdout, args }) => {
      stdout.write(args.slice(1).join(' '));
      return Promise.resolve(0);
    };
    const lab = await runShell(
      async (context) => {
        const codes = await pipeline(context, [['echo', 'hello', 'world'], ['cat'], ['upper'], ['cat']]);
        context.stdout.write(`|${codes.join(',')}`);
        return 0;
      },
      { '/bin/echo': echo },
    );
    expect(lab.log).toBe('HELLO WORLD|0,0,0,0');
  });

  test('who writes when nobody reads any more gets SIGPIPE', async () => {
    const head: Program = async ({ stdin, stdout }) => {
      stdout.write(text(await stdin.read()));
      return 0;
    };
    const lab = await runShell(
      async (context) => {
        context.stdout.write((await pipeline(context, [['yes'], ['cat'], ['head']])).join(','));
        return 0;
      },
      { '/bin/head': head },
    );
    expect(lab.log).toBe('y\n141,141,0');
  });

  test('the caller can read what its child writes, and feed it', async () => {
    const lab = await runShell(async ({ processes, stdout }) => {
      const into = processes.pipe();
      const out = processes.pipe();
      const child = processes.spawn(['upper'], { stdin: into.input, stdout: out.output });
      out.output.end();
      into.output.write('abc');
      into.output.end();
      stdout.write(`${await readAll(out.input)} ${await child?.exited}`);
      return 0;
    });
    expect(lab.log).toBe('ABC 0');
  });

  test('goes on when the shell that made it is killed', async () => {
    const lab = new Lab();
    const shell: Program = async (context) => {
      await pipeline(context, [['slow'], ['cat']]);
      return 0;
    };
    const slow: Program = async ({ clock, stdout }) => {
      await clock.sleep(2000);
      stdout.write('late');
      return 0;
    };
    const { container } = lab.start({
      image: imageOf({
        '/app': sleeper,
        '/bin/shell': shell,
        '/bin/slow': slow,
        '/bin/cat': cat,
        '/bin/kill': ({ processes, args }) => {
          processes.kill(Number(args[1]), 'SIGKILL');
          return Promise.resolve(0);
        },
      }),
    });
    const shellResult = lab.exec(container, ['shell'], { seconds: 4 });
    lab.simulation.after(1_000_000, 'test', () => {
      container.exec(
        ['kill', '2'],
        { stdin: false, tty: false },
        { stdout: () => {}, stderr: () => {}, exit: () => {} },
      );
    });
    expect(await shellResult).toMatchObject({ stdout: 'late', code: 137 });
  });

  test('streams of a program’s own making work as well', async () => {
    const lab = await runShell(async (context) => {
      const { processes, stdout } = context;
      const parts = ['a', 'b'];
      const stdin: InputStream = {
        read: () => {
          const next = context.deferred<Uint8Array | undefined>();
          const part = parts.shift();
          next.resolve(part === undefined ? undefined : new TextEncoder().encode(part));
          return next.promise;
        },
      };
      let written = '';
      const sink: OutputStream = {
        write: (data) => {
          written += typeof data === 'string' ? data : text(data);
        },
        end: () => {},
      };
      await processes.spawn(['upper'], { stdin, stdout: sink })?.exited;
      stdout.write(written);
      return 0;
    });
    expect(lab.log).toBe('AB');
  });
});

describe('children', () => {
  test('inherit environment, folder and streams unless told otherwise', async () => {
    const show: Program = ({ env, cwd, stdout, args }) => {
      stdout.write(`${args.join(' ')}: ${env['A']} ${cwd}\n`);
      return Promise.resolve(0);
    };
    const lab = new Lab();
    await lab.run(sleeper, {
      image: imageOf({
        '/app': async ({ processes }) => {
          await processes.spawn(['/bin/show', '1'], {})?.exited;
          await processes.spawn(['./show', '2'], { cwd: '/bin', env: { A: 'own' } })?.exited;
          await processes.fork(show, ['forked'], { cwd: 'sub' }).exited;
          return 0;
        },
        '/bin/show': show,
      }),
      env: { A: 'b' },
      workingDir: '/srv',
    });
    expect(lab.log).toBe('/bin/show 1: b /srv\n./show 2: own /bin\nforked: b /srv/sub\n');
  });

  test('that cannot be started say why', async () => {
    const lab = new Lab();
    await lab.run(sleeper, {
      image: imageOf(
        {
          '/app': ({ processes, stdout }) => {
            const why = (command: string): string => {
              try {
                return typeof processes.spawn([command], {});
              } catch (error) {
                return (error as { code: string }).code;
              }
            };
            stdout.write(['nosuch', '/bin/nosuch', '/etc/passwd', '/etc', '/text'].map(why).join(' '));
            return Promise.resolve(0);
          },
        },
        [{ path: '/text', content: 'x', mode: 0o755 }],
      ),
    });
    expect(lab.log).toBe('undefined undefined EACCES EACCES ENOEXEC');
  });

  test('that lose their parent get pid 1, and die with it', async () => {
    const lab = new Lab();
    const middle: Program = ({ processes }) => {
      processes.fork(sleeper, ['orphan'], {});
      return Promise.resolve(0);
    };
    const { exit } = await lab.run(async ({ processes, stdout, clock }) => {
      await processes.fork(middle, ['middle'], {}).exited;
      await clock.sleep(10);
      stdout.write(
        processes
          .list()
          .map(({ pid, parent, command, user, state }) => [pid, parent, command[0], user, state].join(' '))
          .join('; '),
      );
      return 5;
    });
    expect(lab.log).toBe('1 0 /app root S; 3 1 orphan root S');
    expect(exit?.code).toBe(5);
    expect(lab.simulation.nextAt()).toBeUndefined();
  });

  test('exit codes are bytes', async () => {
    const lab = new Lab();
    expect((await lab.run(() => Promise.resolve(256 + 3))).exit?.code).toBe(3);
    expect((await lab.run(() => Promise.resolve(-1))).exit?.code).toBe(255);
  });

  test('SIGTERM has a handler of its own; SIGKILL does not', async () => {
    const lab = await runShell(async ({ processes, stdout, clock }) => {
      const stubborn: Program = async (context) => {
        context.onSignal('SIGTERM', () => context.stdout.write('no; '));
        context.onSignal('SIGKILL', () => context.stdout.write('never; '));
        return sleeper(context);
      };
      const child = processes.fork(stubborn, ['stubborn'], {});
      await clock.sleep(10);
      processes.kill(child.pid, 'SIGTERM');
      processes.kill(child.pid, 'SIGWINCH');
      await clock.sleep(10);
      stdout.write(`${processes.list().length}; `);
      processes.kill(child.pid, 'SIGKILL');
      stdout.write(`${await child.exited}`);
      return 0;
    });
    expect(lab.log).toBe('no; 2; 137');
  });

  test('a program that kills itself does nothing more that can be seen', async () => {
    const lab = await runShell(async ({ processes, stdout }) => {
      const child = processes.fork(
        async (context) => {
          context.processes.kill(context.pid, 'SIGKILL');
          context.stdout.write('ghost');
          const late: string[] = [];
          for (const act of [
            () => context.memory.allocate(1),
            () => context.processes.fork(sleeper, ['x'], {}),
            () => context.net.listenHttp(1, () => ({ status: 200, headers: {}, body: '' })),
          ]) {
            try {
              act();
            } catch (error) {
              late.push((error as Error).name);
            }
          }
          stdout.write(`${late.join(' ')} `);
          await context.clock.sleep(1);
          stdout.write('ghost');
          return 0;
        },
        ['x'],
        {},
      );
      stdout.write(String(await child.exited));
      return 0;
    });
    expect(lab.log).toBe('ProcessKilled ProcessKilled ProcessKilled 137');
  });
});

describe('limits', () => {
  test('a fork bomb runs into pids.max, and the container can be killed', async () => {
    const lab = new Lab();
    const bomb: Program = async (context) => {
      for (;;) {
        context.processes.fork(bomb, ['bomb'], {});
        await context.clock.sleep(1);
      }
    };
    const { container } = lab.start({
      image: imageOf({
        '/app': async (context) => {
          try {
            for (;;) context.processes.fork(bomb, ['bomb'], {});
          } catch (error) {
            context.stdout.write(`${(error as { code?: string }).code}: ${(error as Error).message}`);
          }
          return sleeper(context);
        },
      }),
    });
    await lab.advance(0.1);
    expect(lab.log).toContain('EAGAIN: fork: Resource temporarily unavailable');
    expect(container.usage().memory).toBeLessThanOrEqual(MAX_PROCESSES * 512 * 1024);
    container.kill('SIGKILL');
    await lab.advance(1);
    expect(lab.simulation.nextAt()).toBeUndefined();
    expect(container.usage().memory).toBe(0);
  });

  test('orphans of orphans do not keep their ancestors in memory', async () => {
    const seen: WeakRef<readonly string[]>[] = [];
    const heir: Program = async (context) => {
      const args = ['heir'];
      // As long as a process is remembered, its arguments are.
      seen.push(new WeakRef(args));
      void context.processes.fork(heir, args, {}).stopped();
      await context.clock.sleep(1);
      return 0;
    };
    const lab = new Lab();
    lab.start({
      image: imageOf({
        '/app': async (context) => {
          context.processes.fork(heir, ['heir'], {});
          return sleeper(context);
        },
      }),
    });
    await lab.advance(1);
    await setImmediate();
    collectGarbage();
    expect(seen.length).toBeGreaterThan(500);
    expect(seen.filter((args) => args.deref() !== undefined).length).toBeLessThan(20);
  });
});
