import { FileError } from '../../../cluster/runtime/types.ts';
import type { Shell } from './shell.ts';

/** What the last word of a line could become: a command at its start, a file elsewhere. */
export function complete(shell: Shell, line: string): readonly string[] {
  const word = /\S*$/.exec(line)?.[0] ?? '';
  const isCommand = /(^|[;&|(])\s*\S*$/.test(line) && !word.includes('/');
  return isCommand ? commandsLike(shell, word) : pathsLike(shell, word);
}

function commandsLike(shell: Shell, word: string): readonly string[] {
  const names = new Set([...shell.runner.builtins, ...shell.functions.keys(), ...shell.aliases.keys()]);
  for (const folder of (shell.variables.get('PATH') ?? '').split(':')) {
    for (const name of entries(shell, folder)) names.add(name);
  }
  return [...names].filter((name) => name.startsWith(word)).sort();
}

function pathsLike(shell: Shell, word: string): readonly string[] {
  const folder = word.slice(0, word.lastIndexOf('/') + 1);
  const start = word.slice(folder.length);
  return entries(shell, folder === '' ? '.' : folder)
    .filter((name) => name.startsWith(start) && (start !== '' || !name.startsWith('.')))
    .map((name) => {
      const path = shell.path(`${folder}${name}`);
      const isFolder = shell.files.exists(path) && shell.files.stat(path).type === 'directory';
      return `${folder}${name}${isFolder ? '/' : ''}`;
    });
}

function entries(shell: Shell, folder: string): readonly string[] {
  try {
    return shell.files.list(shell.path(folder));
  } catch (error) {
    if (error instanceof FileError) return [];
    throw error;
  }
}
