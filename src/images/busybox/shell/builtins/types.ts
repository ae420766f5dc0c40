import type { Shell } from '../shell.ts';

/** A command of the shell itself. @returns the status @throws ShellError, Jump */
export type Builtin = (shell: Shell, args: readonly string[], name: string) => Promise<number> | number;
