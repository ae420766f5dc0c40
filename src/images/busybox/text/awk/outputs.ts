import type { OutputStream, SpawnedProcess } from '../../../../cluster/runtime/types.ts';
import type { Command } from '../../command.ts';
import { errorWords, Failure } from '../../errors.ts';
import { FileOutput, Input } from '../../streams.ts';
import { unwrapOutput } from '../../terminal/views.ts';
import { Records } from './records.ts';

interface Output {
  readonly stream: OutputStream;
  readonly child?: SpawnedProcess;
}

/** Files and commands that `print` writes to and `getline` reads from; they stay open until they are closed. */
export class Outputs {
  readonly #command: Command;
  readonly #open = new Map<string, Output>();

  constructor(command: Command) {
    this.#command = command;
  }

  write(how: '>' | '>>' | '|', name: string, text: string): void {
    let output = this.#open.get(name);
    if (output === undefined) {
      output = how === '|' ? this.#startCommand(name) : this.#openFile(how, name);
      this.#open.set(name, output);
    }
    output.stream.write(text);
  }

  /** What a command writes. */
  readFrom(text: string): Records {
    const { context } = this.#command;
    const pipe = context.processes.pipe();
    context.processes.spawn(['/bin/sh', '-c', text], {
      env: context.env,
      cwd: context.cwd,
      stdout: pipe.output,
      stderr: unwrapOutput(context.stderr),
    });
    pipe.output.end();
    return new Records(this.#command, new Input(pipe.input, this.#command.context));
  }

  async close(name: string): Promise<number> {
    const output = this.#open.get(name);
    if (output === undefined) return -1;
    this.#open.delete(name);
    output.stream.end();
    return (await output.child?.exited) ?? 0;
  }

  async closeAll(): Promise<void> {
    for (const name of [...this.#open.keys()]) await this.close(name);
  }

  /** Lets what was written before be seen before. */
  flush(): Promise<void> {
    return this.#command.work(0);
  }

  #openFile(how: '>' | '>>', name: string): Output {
    const { context } = this.#command;
    if (name === '/dev/stdout')
      return { stream: { write: (data) => context.stdout.write(data), end: () => {} } };
    if (name === '/dev/stderr')
      return { stream: { write: (data) => context.stderr.write(data), end: () => {} } };
    try {
      const path = this.#command.path(name);
      return { stream: new FileOutput(context.files, path, how === '>' ? 'truncate' : 'append') };
    } catch (error) {
      throw new Failure(`can't redirect to '${name}': ${errorWords(error)}`, 2);
    }
  }

  #startCommand(text: string): Output {
    const { context } = this.#command;
    const pipe = context.processes.pipe();
    const child = context.processes.spawn(['/bin/sh', '-c', text], {
      env: context.env,
      cwd: context.cwd,
      stdin: pipe.input,
      stdout: unwrapOutput(context.stdout),
      stderr: unwrapOutput(context.stderr),
    });
    return child === undefined ? { stream: pipe.output } : { stream: pipe.output, child };
  }
}
