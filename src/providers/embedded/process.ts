import { spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { wallClock } from '../../core/clock.ts';
import { BreakfixError } from '../../core/errors.ts';
import { InputLogWriter, LogError, readLog } from '../../cluster/host/input-log.ts';
import type { ClusterRef, ClusterState } from '../provider.ts';
import { askControl, controlPath, NoLabProcess } from './control.ts';
import { filesIn, processesOf, readCredentials, writeCredentials } from './files.ts';
import type { Credentials, EmbeddedHeader } from './spec.ts';
import { wordsFor } from './words.ts';

/** What starts the process that a lab, or a cluster of its own, lives in. */
export interface ProcessOptions {
  /** Version of breakfix: a log replays only on the version that wrote it. */
  readonly version: string;
  /** Command and arguments; the folder is added. */
  readonly labCommand: readonly string[];
}

/** How long a process may take to answer, in milliseconds. */
const READY_WITHIN = 30_000;

const PORT_TAKEN = 'LAB_PORT_TAKEN';

/**
 * Writes what a new process starts from, and starts it.
 * @param port of the API server; 0: any that is free
 * @throws BreakfixError
 */
export async function createProcess(
  ref: ClusterRef,
  header: EmbeddedHeader,
  credentials: Credentials,
  options: ProcessOptions & { readonly port?: number; readonly signal?: AbortSignal },
): Promise<void> {
  writeCredentials(ref.folder, { ...credentials, port: options.port ?? 0 });
  InputLogWriter.create(filesIn(ref.folder).log, header).close();
  await startProcess(ref, options, options.signal);
}

/**
 * Starts anew what runs in the process of a folder: a new log, the old port and credentials. Killed in the middle, it
 * leaves a log that is whole.
 */
export async function restartProcess(
  ref: ClusterRef,
  header: EmbeddedHeader,
  options: ProcessOptions & { readonly signal?: AbortSignal },
): Promise<void> {
  await stopProcess(ref);
  const { log } = filesIn(ref.folder);
  rmSync(`${log}.new`, { force: true });
  InputLogWriter.create(`${log}.new`, header).close();
  renameSync(`${log}.new`, log);
  await startProcess(ref, options, options.signal);
}

/** Starts the process of a folder and waits until it answers. */
async function startProcess(ref: ClusterRef, options: ProcessOptions, signal?: AbortSignal): Promise<void> {
  const [command = process.execPath, ...args] = options.labCommand;
  const output = openSync(filesIn(ref.folder).output, 'a', 0o600);
  const before = fstatSync(output).size;
  const notStarted = (what: string): BreakfixError => startError(ref, what, before);
  const child = spawn(command, [...args, ref.folder], {
    detached: true,
    stdio: ['ignore', output, output, 'ipc'],
    ...(signal === undefined ? {} : { signal }),
  });
  closeSync(output);
  const timeout = AbortSignal.timeout(READY_WITHIN);
  let waiting = true;
  try {
    await new Promise<void>((resolve, reject) => {
      timeout.addEventListener('abort', () => {
        // Later the lab's folder may be gone.
        if (waiting) reject(notStarted('it did not answer in time'));
      });
      child.once('message', () => resolve());
      child.once('error', reject);
      child.once('exit', (code) => reject(notStarted(`it ended with ${code ?? 'a signal'}`)));
    });
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  } finally {
    waiting = false;
    child.removeAllListeners();
    child.on('error', () => {});
  }
  child.disconnect();
  child.unref();
}

/** @param before bytes of the lab's output that are of earlier processes */
function startError(ref: ClusterRef, what: string, before: number): BreakfixError {
  const output = readFileSync(filesIn(ref.folder).output).subarray(before).toString('utf8').trim();
  const astray = /^ReplayError: (.*)$/m.exec(output)?.[1];
  if (astray !== undefined) return unreadable(ref, astray);
  const said = output === '' ? '' : `; it said: ${output.split('\n').slice(-5).join('\n')}`;
  const { port } = readCredentials(ref.folder);
  const { subject, otherPort, remains } = wordsFor(ref);
  const taken = output.includes('EADDRINUSE');
  return new BreakfixError({
    code: taken ? PORT_TAKEN : 'LAB_NOT_STARTED',
    kind: 'environment',
    message: taken
      ? `the port ${port} of ${subject} is taken by another program, so it cannot be where kubectl looks for it`
      : `the process of ${subject} could not be started: ${what}${said}`,
    fix: taken
      ? `end what listens on 127.0.0.1:${port} and try again, or ${otherPort}`
      : output.includes('ENOSPC')
        ? 'free some space on the disk and try again: nothing is lost'
        : `breakfix doctor looks for what is missing; ${remains}`,
  });
}

/**
 * The header of what runs in the process of a folder, which is started again where it has died.
 * @throws BreakfixError where it cannot come back
 */
export async function reviveProcess(ref: ClusterRef, options: ProcessOptions): Promise<EmbeddedHeader> {
  const header = headerOf(ref);
  // What looks at a lab and the lab's process belong together.
  if (header.breakfix !== options.version) throw otherVersion(ref, header.breakfix, options.version);
  if (!(await answers(ref))) await revive(ref, options);
  return header;
}

function headerOf(ref: ClusterRef): EmbeddedHeader {
  try {
    return readLog(filesIn(ref.folder).log).header as EmbeddedHeader;
  } catch (error) {
    if (error instanceof LogError) throw unreadable(ref, error.message);
    throw error;
  }
}

/** Starts the process again. Another command may do so at the same time: the port is for one of both. */
async function revive(ref: ClusterRef, options: ProcessOptions): Promise<void> {
  try {
    await startProcess(ref, options);
  } catch (error) {
    if (!(error instanceof BreakfixError) || error.code !== PORT_TAKEN) throw error;
    for (let tries = 0; !(await answers(ref)); tries++) {
      if (tries === 20) throw error;
      await wallClock.wait(50);
    }
  }
}

async function answers(ref: ClusterRef): Promise<boolean> {
  try {
    await askControl(ref, 'sync');
    return true;
  } catch (error) {
    if (error instanceof NoLabProcess) return false;
    throw error;
  }
}

function unreadable(ref: ClusterRef, why: string): BreakfixError {
  const { subject, reset, stop } = wordsFor(ref);
  return new BreakfixError({
    code: 'LAB_LOG_UNREADABLE',
    kind: 'lab',
    message: `${subject} cannot be brought back from its log of inputs: ${why}`,
    fix: `${reset}, ${stop}`,
  });
}

function otherVersion(ref: ClusterRef, wrote: string, runs: string): BreakfixError {
  const { subject, reset } = wordsFor(ref);
  return new BreakfixError({
    code: 'LAB_OTHER_VERSION',
    kind: 'lab',
    message: `${subject} was started by breakfix ${wrote}; this is ${runs}, and another version may simulate differently`,
    fix: reset,
  });
}

/** Whether the process of a folder is there. */
export async function stateOf(ref: ClusterRef): Promise<ClusterState> {
  try {
    await askControl(ref, 'sync');
    return 'running';
  } catch (error) {
    if (!(error instanceof NoLabProcess)) return 'hung';
    return processesOf(ref.folder).length === 0 ? 'gone' : 'stopped';
  }
}

/** Ends the process of a folder, and takes away what was kept for it. Idempotent. */
export async function destroyProcess(ref: ClusterRef): Promise<void> {
  await stopProcess(ref);
  for (const file of Object.values(filesIn(ref.folder)) as string[]) rmSync(file, { force: true });
}

async function stopProcess(ref: ClusterRef): Promise<void> {
  // Whatever came of it, no process is to be left.
  await askControl(ref, 'stop').catch(() => {});
  await endProcess(ref.folder);
  rmSync(controlPath(ref.folder), { force: true });
}

/** Makes sure that no process of the lab is left: one that was started but never answered, or that hangs. */
async function endProcess(folder: string): Promise<void> {
  for (const pid of processesOf(folder)) {
    for (let tries = 0; isOurs(pid, folder); tries++) {
      if (tries === 40) process.kill(pid, 'SIGKILL');
      await wallClock.wait(25);
    }
  }
}

/** A pid may have been given to somebody else since: ours has the lab's folder in its command line. */
function isOurs(pid: number, folder: string): boolean {
  try {
    process.kill(pid, 0);
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder);
  } catch {
    return false;
  }
}
