import type { OutputStream } from '../../../cluster/runtime/types.ts';
import { FileError } from '../../../cluster/runtime/types.ts';
import { errorWords } from '../errors.ts';
import { encode, FileInput, FileOutput, Input } from '../streams.ts';
import { ShellError } from './control.ts';
import { expandText } from './expand.ts';
import type { Descriptor, Shell } from './shell.ts';
import type { Redirection } from './tree.ts';

/** `/dev/stdout` and the like are what a descriptor is at that moment. */
const STANDARD: Readonly<Record<string, number>> = {
  '/dev/stdin': 0,
  '/dev/stdout': 1,
  '/dev/stderr': 2,
  '/dev/fd/0': 0,
  '/dev/fd/1': 1,
  '/dev/fd/2': 2,
};

/**
 * The descriptors of a shell with redirections on top.
 * @throws ShellError `can't open …`
 */
export async function redirected(
  shell: Shell,
  redirections: readonly Redirection[],
): Promise<Map<number, Descriptor>> {
  const before = shell.descriptors;
  if (redirections.length === 0) return before;
  const descriptors = new Map(before);
  try {
    shell.descriptors = descriptors;
    for (const redirection of redirections) await redirect(shell, descriptors, redirection);
  } finally {
    shell.descriptors = before;
  }
  return descriptors;
}

async function redirect(
  shell: Shell,
  descriptors: Map<number, Descriptor>,
  redirection: Redirection,
): Promise<void> {
  const { kind, fd } = redirection;
  const text = await expandText(shell, redirection.word);
  switch (kind) {
    case '<<':
      descriptors.set(fd, { input: new Input(once(text), shell.context) });
      return;
    case '<&':
    case '>&':
      if (text === '-') descriptors.delete(fd);
      else if (/^\d+$/.test(text)) descriptors.set(fd, duplicate(descriptors, Number(text), fd));
      else if (kind === '>&') toBoth(descriptors, create(shell, text, 'truncate'));
      else throw new ShellError('syntax error: bad fd number');
      return;
    case '&>':
      toBoth(descriptors, create(shell, text, 'truncate'));
      return;
    case '<':
      descriptors.set(fd, { input: open(shell, text) });
      return;
    case '<>':
      descriptors.set(fd, { output: create(shell, text, 'append'), input: open(shell, text) });
      return;
    case '>':
      refuseToOverwrite(shell, text);
      descriptors.set(fd, { output: create(shell, text, 'truncate') });
      return;
    case '>|':
      descriptors.set(fd, { output: create(shell, text, 'truncate') });
      return;
    case '>>':
      descriptors.set(fd, { output: create(shell, text, 'append') });
  }
}

function duplicate(descriptors: ReadonlyMap<number, Descriptor>, from: number, to: number): Descriptor {
  const descriptor = descriptors.get(from);
  if (descriptor === undefined) throw new ShellError(`dup2(${from},${to}): Bad file descriptor`, 1);
  return descriptor;
}

function toBoth(descriptors: Map<number, Descriptor>, output: OutputStream): void {
  descriptors.set(1, { output });
  descriptors.set(2, { output });
}

function refuseToOverwrite(shell: Shell, text: string): void {
  if (!shell.hasOption('C')) return;
  const path = shell.path(text);
  if (shell.files.exists(path) && shell.files.stat(path).type === 'file') {
    throw new ShellError(`can't create ${text}: File exists`, 1);
  }
}

function create(shell: Shell, text: string, how: 'truncate' | 'append'): OutputStream {
  const standard = STANDARD[text];
  const same = standard === undefined ? undefined : shell.descriptors.get(standard)?.output;
  if (same !== undefined) return same;
  try {
    return new FileOutput(shell.files, shell.path(text), how);
  } catch (error) {
    throw new ShellError(`can't create ${text}: ${reasonOf(error, 'nonexistent directory')}`, 1);
  }
}

function open(shell: Shell, text: string): Input {
  const standard = STANDARD[text];
  const same = standard === undefined ? undefined : shell.descriptors.get(standard)?.input;
  if (same !== undefined) return same;
  try {
    return new Input(new FileInput(shell.files, shell.path(text)), shell.context);
  } catch (error) {
    throw new ShellError(`can't open ${text}: ${reasonOf(error, 'no such file')}`, 1);
  }
}

function reasonOf(error: unknown, missing: string): string {
  return error instanceof FileError && error.code === 'ENOENT' ? missing : errorWords(error);
}

function once(text: string): { read: () => Promise<Uint8Array | undefined> } {
  let rest: Uint8Array | undefined = text === '' ? undefined : encode(text);
  return {
    read: () => {
      const bytes = rest;
      rest = undefined;
      return Promise.resolve(bytes);
    },
  };
}
