import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** How a program ended, with all that it wrote. */
export interface Ended {
  /** Undefined where a signal ended it. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Written to standard input, which is then closed; absent: an empty one. `open`: nothing comes, and it stays open. */
  readonly stdin?: string | { readonly open: true };
  /** Kills it after so many milliseconds; what it wrote is still given. */
  readonly killAfter?: number;
  readonly cwd?: string;
}

/** Runs a program to its end. It never inherits the environment: what it is to know is in `env`. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const { env = {}, stdin = '', killAfter = 120_000, cwd } = options;
  const child = spawn(command, args, { env, stdio: 'pipe', ...(cwd === undefined ? {} : { cwd }) });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
  child.stdin.on('error', () => {});
  if (typeof stdin === 'string') child.stdin.end(stdin);
  const timer = setTimeout(() => child.kill('SIGKILL'), killAfter);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code: code ?? undefined, ...output });
    });
  });
}

/** Where a program is on the path. */
export function findProgram(name: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** Asks again and again, up to `withinMs`, until `look` gives something. @throws with what `describe` says */
export async function eventually<T>(
  look: () => Promise<T | undefined> | T | undefined,
  options: { withinMs?: number; describe?: () => string } = {},
): Promise<T> {
  const { withinMs = 30_000, describe = () => 'it never came' } = options;
  const end = Date.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (Date.now() > end) throw new Error(describe());
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
