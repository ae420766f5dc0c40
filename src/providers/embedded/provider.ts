import { spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { wallClock } from '../../core/clock.ts';
import { BreakfixError } from '../../core/errors.ts';
import { InputLogWriter, LOG_VERSION, LogError, readLog } from '../../cluster/host/input-log.ts';
import type { OutsideChange } from '../../cluster/outside.ts';
import { connectKube } from '../../kube/connect.ts';
import type {
  Cluster,
  ClusterProvider,
  ClusterRef,
  ClusterSpec,
  ClusterState,
  ReplayOptions,
} from '../provider.ts';
import { askControl, controlPath, NoLabProcess } from './control.ts';
import { copyOfLab } from './copy-client.ts';
import { filesIn, lastProcess, readCredentials, writeCredentials } from './files.ts';
import type { LocalOptions } from './local-cluster.ts';
import { nodeAccess, registryAccess } from './registries.ts';
import { backdate, epochFor } from './set-up.ts';
import {
  createCredentials,
  type Credentials,
  EMBEDDED_FACTS,
  EMBEDDED_VERSION,
  type EmbeddedHeader,
  kubeconfigFor,
} from './spec.ts';

export interface EmbeddedOptions {
  /** Version of breakfix: a log replays only on the version that wrote it. */
  readonly version: string;
  /** What starts a lab's process: command and arguments; the lab's folder is added. */
  readonly labCommand: readonly string[];
  /**
   * `process`: a lab outlives the command that starts it. `local`: everything in this process, for `verify`.
   */
  readonly mode: 'process' | 'local';
}

/** How long a lab's process may take to answer, in milliseconds. */
const READY_WITHIN = 30_000;

const PORT_TAKEN = 'LAB_PORT_TAKEN';

/** The simulated Kubernetes: nothing but Node is needed. */
export function embeddedProvider(options: EmbeddedOptions): ClusterProvider {
  return {
    name: 'embedded',
    facts: EMBEDDED_FACTS,
    availability: () => Promise.resolve({ available: true }),
    plan: ({ lab, folder }) => ({ provider: 'embedded', lab, folder }),
    create: (ref, spec, { signal }) =>
      options.mode === 'local' ? createLocal(ref, spec, options) : createProcess(ref, spec, options, signal),
    open: (ref) => open(ref, options),
    replay: (ref, _spec, log, { upTo }) => replay(ref, log, upTo),
    state: (ref) => stateOf(ref),
    destroy: (ref) => destroy(ref),
  };
}

function headerFor(spec: ClusterSpec, credentials: Credentials, options: EmbeddedOptions): EmbeddedHeader {
  return {
    format: 'breakfix-inputs',
    version: LOG_VERSION,
    breakfix: options.version,
    seed: spec.seed,
    epoch: epochFor(wallClock.now().getTime(), spec.since),
    since: spec.since,
    spec: {
      nodes: spec.nodes.map(({ role }, index) => ({ name: nodeName(spec, role, index), role })),
      images: spec.images,
      registries: spec.registries,
      ca: credentials.authority.certificate,
    },
  };
}

/** As kind names its nodes. */
function nodeName({ lab, nodes }: ClusterSpec, role: string, index: number): string {
  const before = nodes.slice(0, index).filter((node) => node.role === role).length;
  return `${lab}-${role}${before === 0 ? '' : before + 1}`;
}

/** The cluster's own code is loaded where a cluster is to run in this process: most commands only ask one. */
async function startLocal(options: LocalOptions): Promise<Cluster> {
  const { LocalCluster } = await import('./local-cluster.ts');
  return LocalCluster.start(options);
}

function createLocal(ref: ClusterRef, spec: ClusterSpec, options: EmbeddedOptions): Promise<Cluster> {
  const credentials = createCredentials(wallClock.now());
  return startLocal({ ref, header: headerFor(spec, credentials, options), credentials });
}

async function createProcess(
  ref: ClusterRef,
  spec: ClusterSpec,
  options: EmbeddedOptions,
  signal: AbortSignal,
): Promise<Cluster> {
  const credentials = createCredentials(wallClock.now());
  writeCredentials(ref.folder, { ...credentials, port: 0 });
  const header = headerFor(spec, credentials, options);
  InputLogWriter.create(filesIn(ref.folder).log, header).close();
  await startProcess(ref, options, signal);
  return processCluster(ref, header);
}

/** Starts the lab's process and waits until it answers. */
async function startProcess(ref: ClusterRef, options: EmbeddedOptions, signal?: AbortSignal): Promise<void> {
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
  const taken = output.includes('EADDRINUSE');
  return new BreakfixError({
    code: taken ? PORT_TAKEN : 'LAB_NOT_STARTED',
    kind: 'environment',
    message: taken
      ? `the lab's port ${port} is taken by another program, so the lab cannot come back where kubectl knows it`
      : `the process of the lab could not be started: ${what}${said}`,
    fix: taken
      ? `end what listens on 127.0.0.1:${port} and try again, or breakfix reset for the same lab on another port`
      : output.includes('ENOSPC')
        ? 'free some space on the disk and try again: nothing of the lab is lost'
        : 'breakfix doctor looks for what is missing; breakfix stop removes what is left',
  });
}

/** The log of another lab as a cluster of this process; how far, `upTo` says. */
function replay(ref: ClusterRef, text: string, upTo: ReplayOptions['upTo']): Promise<Cluster> {
  const { log: path } = filesIn(ref.folder);
  writeFileSync(path, text, { mode: 0o600 });
  const { header, records } = readLog(path);
  const handOver = records.findIndex(({ input }) => input.type === 'live');
  // After the hand-over there is only the learner, who has the API and nothing else.
  if (handOver !== -1 && records.slice(handOver).some(({ input }) => input.type === 'outside')) {
    throw new Error('it changes registries or nodes, which a learner cannot');
  }
  const count = {
    start: 0,
    'hand-over': handOver === -1 ? records.length : handOver + 1,
    end: records.length,
  }[upTo];
  return startLocal({
    ref,
    header: header as EmbeddedHeader,
    credentials: createCredentials(wallClock.now()),
    records: records.slice(0, count),
  });
}

async function open(ref: ClusterRef, options: EmbeddedOptions): Promise<Cluster> {
  const header = headerOf(ref);
  // What looks at a lab and the lab's process belong together.
  if (header.breakfix !== options.version) throw otherVersion(header.breakfix, options.version);
  if (!(await answers(ref))) await revive(ref, options);
  return processCluster(ref, header);
}

function headerOf(ref: ClusterRef): EmbeddedHeader {
  try {
    return readLog(filesIn(ref.folder).log).header as EmbeddedHeader;
  } catch (error) {
    if (error instanceof LogError) throw unreadable(ref, error.message);
    throw error;
  }
}

/** Starts the process of a lab again. Another command may do so at the same time: the port is for one of both. */
async function revive(ref: ClusterRef, options: EmbeddedOptions): Promise<void> {
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
    await askControl(ref.folder, 'sync');
    return true;
  } catch (error) {
    if (error instanceof NoLabProcess) return false;
    throw error;
  }
}

function unreadable({ lab }: ClusterRef, why: string): BreakfixError {
  return new BreakfixError({
    code: 'LAB_LOG_UNREADABLE',
    kind: 'lab',
    message: `lab ${lab} cannot be brought back from its log of inputs: ${why}`,
    fix: `breakfix reset ${lab} starts the same incident again, breakfix stop ${lab} removes the lab`,
  });
}

function otherVersion(wrote: string, runs: string): BreakfixError {
  return new BreakfixError({
    code: 'LAB_OTHER_VERSION',
    kind: 'lab',
    message: `the lab was started by breakfix ${wrote}; this is ${runs}, and another version may simulate differently`,
    fix: 'breakfix reset starts the same incident again with this version',
  });
}

/** A lab's cluster seen from another process. */
async function processCluster(ref: ClusterRef, header: EmbeddedHeader): Promise<Cluster> {
  const credentials = readCredentials(ref.folder);
  const kubeconfig = kubeconfigFor(ref.lab, credentials, credentials.port);
  const kube = connectKube(kubeconfig);
  let { now, live } = await askControl(ref.folder, 'sync');
  const advanceTo = async (at: number): Promise<void> => {
    ({ now } = await askControl(ref.folder, 'advanceTo', at));
  };
  const change = async (what: OutsideChange): Promise<void> => {
    await askControl(ref.folder, 'change', what);
  };
  return {
    ref,
    kubeconfig,
    kube,
    facts: EMBEDDED_FACTS,
    version: EMBEDDED_VERSION,
    clock: {
      now: () => (live ? wallClock.now() : new Date(now / 1000)),
      wait: async (ms, signal) => {
        if (live) return wallClock.wait(ms, signal);
        signal?.throwIfAborted();
        ({ now } = await askControl(ref.folder, 'sync'));
        return advanceTo(now + ms * 1000);
      },
    },
    can: {
      fork: () => copyOfLab(ref, header, credentials),
      backdate: async (since) => {
        ({ now } = await askControl(ref.folder, 'sync'));
        await backdate(header, now, since, advanceTo);
      },
      goLive: async () => {
        ({ now } = await askControl(ref.folder, 'goLive'));
        live = true;
      },
      registry: (host) => Promise.resolve(registryAccess(header.spec, host, change)),
      node: (name) => nodeAccess(name, change),
      inputs: async () => {
        await askControl(ref.folder, 'mark');
        return readFileSync(filesIn(ref.folder).log, 'utf8');
      },
    },
    [Symbol.asyncDispose]: () => kube[Symbol.asyncDispose](),
  };
}

async function stateOf(ref: ClusterRef): Promise<ClusterState> {
  try {
    await askControl(ref.folder, 'sync');
    return 'running';
  } catch (error) {
    if (!(error instanceof NoLabProcess)) return 'hung';
    return lastProcess(ref.folder) === undefined ? 'gone' : 'stopped';
  }
}

async function destroy(ref: ClusterRef): Promise<void> {
  // Whatever came of it, no process is to be left.
  await askControl(ref.folder, 'stop').catch(() => {});
  await endProcess(ref.folder);
  rmSync(controlPath(ref.folder), { force: true });
  for (const file of Object.values(filesIn(ref.folder)) as string[]) rmSync(file, { force: true });
}

/** Makes sure that no process of the lab is left: one that was started but never answered, or that hangs. */
async function endProcess(folder: string): Promise<void> {
  const pid = lastProcess(folder);
  if (pid === undefined) return;
  for (let tries = 0; isOurs(pid, folder); tries++) {
    if (tries === 40) process.kill(pid, 'SIGKILL');
    await wallClock.wait(25);
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
