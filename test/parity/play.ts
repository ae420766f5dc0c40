import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stringify, parse } from 'yaml';
import type { Case, ShellStep, UntilStep } from './case.ts';
import type { Ground, Patience } from './ground.ts';
import type { Programs } from './programs.ts';
import { normalise } from './normalise.ts';
import { linesOf, type Passage, type Transcript } from './transcript.ts';

/** So much longer than the cluster's time goes on a program may take to say what it has seen, in milliseconds. */
const LATE = 15_000;
/** How long a command may take where nothing is said: a minute of the cluster is over in the moment in which a client starts. */
const COMMAND: Patience = { time: 60_000, more: LATE };

export const namespaceOf = ({ id }: Case): string => `parity-${id.replaceAll('/', '-')}`.slice(0, 63);

/**
 * Plays a case in its namespace, which must be there.
 * @param programs those that the case calls
 */
export async function play(script: Case, ground: Ground, programs: Programs): Promise<Transcript> {
  const shell = new Shell(script, ground, programs);
  const passages: Passage[] = [];
  try {
    for (const step of script.steps) {
      if (step.kind === 'pass') await ground.pass(step.time);
      else if (step.kind === 'sh') passages.push(...(await printed(shell, step)));
      else {
        const never = await until(shell, ground, step);
        if (never === undefined) continue;
        passages.push({ command: `until: ${step.command}`, lines: never });
        break;
      }
    }
  } finally {
    for (const command of script.finally) await shell.run(command, COMMAND);
    shell.dispose();
  }
  return passages;
}

async function printed(shell: Shell, step: ShellStep): Promise<Passage[]> {
  const { output, code } = await shell.run(step.command, patienceFor(step));
  if (step.quiet) return [];
  const lines = linesOf(normalise(shell.withoutFolder(output)));
  if (step.sort) lines.sort();
  if (code === undefined) lines.push('[stopped]');
  else if (code !== 0) lines.push(`[exit code ${code}]`);
  return [{ command: step.command, lines }];
}

/** A command that says itself how long it waits measures that on the wall. */
function patienceFor({ command, timeout }: ShellStep): Patience {
  if (timeout !== undefined) return { time: timeout, more: 0 };
  const [, count, unit] = /--timeout[= ](\d+)(s|m)/.exec(command) ?? [];
  if (count === undefined) return COMMAND;
  const time = Number(count) * (unit === 'm' ? 60_000 : 1000);
  return { time, more: time + LATE };
}

/** @returns what was seen last, where it never came */
async function until(shell: Shell, ground: Ground, step: UntilStep): Promise<string[] | undefined> {
  const start = ground.now();
  for (;;) {
    const { output } = await shell.run(`{ ${step.command}\n} 2>/dev/null`, COMMAND);
    if (step.is.test(output.trim())) return undefined;
    const waited = ground.now() - start;
    if (waited > step.within * ground.slack)
      return ['[never came; seen last:]', ...linesOf(normalise(output))];
    await ground.next(waited);
  }
}

interface Ended {
  readonly output: string;
  /** Undefined where it was stopped. */
  readonly code: number | undefined;
}

/** A shell in a folder of its own, with a kubectl that knows the case's cluster and namespace. */
class Shell {
  readonly #root: string;
  readonly #folder: string;
  readonly #ground: Ground;
  readonly #env: NodeJS.ProcessEnv;

  constructor(script: Case, ground: Ground, programs: Programs) {
    this.#ground = ground;
    this.#root = mkdtempSync(join(tmpdir(), 'breakfix-parity-'));
    this.#folder = join(this.#root, 'work');
    const bin = join(this.#root, 'bin');
    for (const folder of [this.#folder, bin, join(this.#root, 'home')]) mkdirSync(folder);
    for (const [name, path] of Object.entries(programs)) symlinkSync(path, join(bin, name));
    const kubeconfig = join(this.#root, 'kubeconfig');
    writeFileSync(kubeconfig, inNamespace(ground.kubeconfig, namespaceOf(script)), { mode: 0o600 });
    for (const [name, content] of Object.entries(script.files)) {
      const path = join(this.#folder, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
      if (content.startsWith('#!')) chmodSync(path, 0o755);
    }
    this.#env = {
      PATH: `${bin}:${process.env['PATH'] ?? ''}`,
      HOME: join(this.#root, 'home'),
      KUBECONFIG: kubeconfig,
      NAMESPACE: namespaceOf(script),
      TZ: 'UTC',
      LC_ALL: 'C',
      TERM: 'dumb',
    };
  }

  /** Runs it; what is not over in time is killed with all that it has started. */
  async run(command: string, patience: Patience): Promise<Ended> {
    const child = spawn('sh', ['-c', `exec 2>&1\n${command}`], {
      cwd: this.#folder,
      env: this.#env,
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    const closed = new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve(code ?? 255));
    });
    const inTime = await this.#ground.accompany(closed, patience);
    if (!inTime && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    const code = await closed;
    return { output: Buffer.concat(chunks).toString(), code: inTime ? code : undefined };
  }

  withoutFolder(text: string): string {
    return text.replaceAll(this.#root, '<folder>');
  }

  dispose(): void {
    rmSync(this.#root, { recursive: true, force: true, maxRetries: 3 });
  }
}

function inNamespace(kubeconfig: string, namespace: string): string {
  const config = parse(kubeconfig) as { contexts: { context: Record<string, string> }[] };
  for (const { context } of config.contexts) context['namespace'] = namespace;
  return stringify(config);
}
