import pLimit, { type LimitFunction } from 'p-limit';
import { equal } from '../core/json.ts';
import { memoized } from '../core/memo.ts';
import { type KubeClient, KubeError } from '../kube/client.ts';
import type { Container, Pod, PodSpec } from '../model/objects.ts';
import { containersOf } from '../model/pod-containers.ts';
import { compareQuantities } from '../model/quantity.ts';
import { resources } from '../model/resources.ts';
import { fail, type LabView, type Observation } from './check.ts';
import { isRunning, podsOf, whyNoContainer } from './workloads.ts';

/** A workload of the shop that a check looks from: its pods carry `app: <name>`, its container has that name. */
export interface ClientRef {
  readonly namespace: string;
  readonly app: string;
}

/** What the shop's `probe` program reports; see workload/src/probe.ts. */
export interface ProbeReport {
  readonly attempts: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly firstFailureAfterMs?: number;
  readonly last: string;
  readonly tookMs: number;
  readonly medianMs: number;
  readonly p99Ms: number;
}

/**
 * A pod of the real client that runs, not being deleted: it is one of its Deployment, its program and its files
 * are those of the healthy shop. A pod that only carries the labels, or whose probe was replaced, is no witness;
 * neither is one that a rollout is about to replace by something that is none.
 * @returns a failing observation where there is none
 */
async function witness(lab: LabView, client: ClientRef): Promise<Pod | Observation> {
  const { namespace, app } = client;
  const template = lab.baseline.get(resources.deployments, namespace, app)?.spec.template.spec;
  const none = fail(`no pod of ${app} is running its own program, so nothing can be tested from there`);
  let candidates: readonly Pod[];
  if (template === undefined)
    candidates = await lab.kube.list(resources.pods, { namespace, labelSelector: `app=${app}` });
  else {
    // Labels are not enough: the learner's own pods may have them, with another DNS.
    const deployment = await lab.kube.get(resources.deployments, namespace, app);
    if (deployment === undefined)
      return fail(`deployment/${app} does not exist, so nothing can be tested from there`);
    const nameless = whyNoContainer(app, deployment.spec.template);
    if (nameless !== undefined) return nameless;
    if (!sameProgram(template, deployment.spec.template.spec, app))
      return fail(`deployment/${app} does not run its own program, so nothing can be tested from there`);
    candidates = (await podsOf(lab, deployment)).current;
  }
  const found = candidates.find(
    (pod) =>
      pod.metadata.deletionTimestamp === undefined &&
      pod.status.phase === 'Running' &&
      isRunning(pod, app) &&
      (template === undefined || sameProgram(template, pod.spec, app)),
  );
  return found ?? none;
}

/**
 * What a container runs: image, command and files. Environment and DNS settings may differ.
 * @param otherImage the image may differ too: another release of the same program
 */
export function sameProgram(before: PodSpec, now: PodSpec, container: string, otherImage = false): boolean {
  const [was, is] = [programOf(before, container), programOf(now, container)];
  return equal(was, otherImage ? { ...is, image: was['image'] } : is);
}

function programOf(spec: PodSpec, container: string): Readonly<Record<string, unknown>> {
  const own = spec.containers.find(({ name }) => name === container);
  const others = containersOf(spec).filter((other) => other.name !== container);
  const scratch = scratchOf(spec, others);
  const mounts = (own?.volumeMounts ?? []).filter(
    ({ name, mountPath }) =>
      !name.startsWith('kube-api-access-') && !(scratch.has(name) && SCRATCH.test(mountPath)),
  );
  const mounted = new Set(mounts.map(({ name }) => name));
  // What has a volume of its own beside the program is nobody's concern; what writes into the program's files is.
  const sharing = (other: Container): boolean => mountedIn(other).some((name) => mounted.has(name));
  return {
    image: own?.image,
    command: own?.command,
    args: own?.args,
    // What runs beside the program from its start; what it does before its end is nobody's concern.
    hook: own?.lifecycle?.postStart,
    mounts,
    volumes: (spec.volumes ?? []).filter(({ name }) => mounted.has(name)),
    beside: others.filter(sharing),
  };
}

const mountedIn = ({ volumeMounts = [] }: Container): string[] => volumeMounts.map(({ name }) => name);

/** Where no image has its program. */
const SCRATCH = /^\/(tmp|var\/tmp|var\/cache)(\/|$)/;

/** Volumes that begin empty, and that nobody else writes into: room to write, as beside a read-only root. */
function scratchOf({ volumes = [] }: PodSpec, others: readonly Container[]): Set<string> {
  const shared = new Set(others.flatMap(mountedIn));
  return new Set(
    volumes
      .filter(({ name, emptyDir }) => emptyDir !== undefined && !shared.has(name))
      .map(({ name }) => name),
  );
}

/**
 * Runs the shop's probe inside the real client pod: what it sees is what that client sees, with its labels,
 * service account, DNS settings and node. A look-alike would join the client's Service.
 * @returns the report, or a failing observation where there is no client that runs
 */
export async function probeFrom(
  lab: LabView,
  client: ClientRef,
  args: readonly string[],
  timeoutMs: number,
): Promise<ProbeReport | Observation> {
  const asked = await execShop(lab, client, ['probe', ...args], timeoutMs);
  if (!('output' in asked)) return asked;
  const report = JSON.parse(asked.output) as ProbeReport;
  note(lab, client, args, report, asked);
  return report;
}

/** So many arguments of probes fit into the command of one exec, which is part of a request's address. */
const PROBES_AT_ONCE = 40;

/**
 * Several probes, one after another, up to the first with a failure: in one process where that can be, since each costs more
 * than a question.
 * @param timeoutMs of all of them
 * @returns a report of each that was made, or a failing observation where there is no client that runs
 */
export async function probeEach(
  lab: LabView,
  client: ClientRef,
  probes: readonly (readonly string[])[],
  timeoutMs: number,
): Promise<readonly ProbeReport[] | Observation> {
  const reports: ProbeReport[] = [];
  for (let next = 0; next < probes.length; next += PROBES_AT_ONCE) {
    const some = probes.slice(next, next + PROBES_AT_ONCE);
    const asked = await execShop(lab, client, ['probe', 'each', JSON.stringify(some)], timeoutMs);
    if (!('output' in asked)) return asked;
    let begun = asked.begun;
    for (const [index, report] of (JSON.parse(asked.output) as ProbeReport[]).entries()) {
      const ended = new Date(begun.getTime() + report.tookMs);
      note(lab, client, some[index] ?? [], report, { begun, ended });
      begun = ended;
      reports.push(report);
    }
    if (reports.some(({ failed }) => failed > 0)) break;
  }
  return reports;
}

function note(
  lab: LabView,
  { app: from }: ClientRef,
  args: readonly string[],
  { attempts, succeeded, outcomes }: ProbeReport,
  { begun, ended }: Pick<Ran, 'begun' | 'ended'>,
): void {
  lab.probed?.({ from, asked: askedBy(args), begun, ended, attempts, succeeded, outcomes });
}

/** The arguments of a probe as people say them. */
function askedBy([kind = '', target = '', ...flags]: readonly string[]): string {
  const flag = (name: string): string | undefined => {
    const at = flags.indexOf(name);
    return at === -1 ? undefined : flags[at + 1];
  };
  if (kind === 'dns') return `lookup of ${target}`;
  if (kind === 'tcp') return `connection to ${target}`;
  if (kind === 'ask') return `lookup of ${flag('--name') ?? 'anything'} at ${target}`;
  return `${flag('--method') ?? 'GET'} ${target}`;
}

/**
 * What a URL answers inside the cluster, as a client sees it.
 * @returns the body, or a failing observation where there is no client that runs or no answer 200
 */
export async function textFrom(lab: LabView, client: ClientRef, url: string): Promise<string | Observation> {
  const asked = await execShop(lab, client, ['get', url], 30_000);
  return 'output' in asked ? asked.output : asked;
}

/** What a command wrote, and when it ran, by the cluster's clock. */
interface Ran {
  readonly output: string;
  readonly begun: Date;
  readonly ended: Date;
}

/**
 * So many commands run in one client at a time: each takes some 20 MB of what its container may have, which is 128 MB for
 * most. More of them, and the client that is looked from would be killed by the grader.
 */
const COMMANDS_AT_ONCE = 3;
/** With less than that there is room for one at a time. */
const ROOM = '124M';
const limitsOf = memoized((_cluster: KubeClient) => new Map<string, LimitFunction>());

/** @param count so many at a time */
function limitOf({ kube }: LabView, { namespace, app }: ClientRef, count: number): LimitFunction {
  const limits = limitsOf(kube);
  const key = `${namespace}/${app} ${count}`;
  const limit = limits.get(key) ?? pLimit(count);
  limits.set(key, limit);
  return limit;
}

function hasRoom({ spec }: Pod, { app }: ClientRef): boolean {
  const own = spec.containers.find(({ name }) => name === app);
  const { limits } = own?.resources ?? {};
  const limit = limits?.['memory'];
  return limit === undefined || compareQuantities(limit, ROOM) >= 0;
}

/** Runs a command of the shop in a witness, in its turn. @returns a failing observation where that cannot be done */
const execShop = (
  lab: LabView,
  client: ClientRef,
  args: readonly string[],
  timeoutMs: number,
): Promise<Ran | Observation> =>
  limitOf(lab, client, COMMANDS_AT_ONCE)(() => execInWitness(lab, client, args, timeoutMs));

/** So many witnesses may be taken away while they are asked, before it is said that nothing can be tested from there. */
const WITNESSES = 4;

async function execInWitness(
  lab: LabView,
  client: ClientRef,
  args: readonly string[],
  timeoutMs: number,
): Promise<Ran | Observation> {
  for (let left = WITNESSES; ; left--) {
    const pod = await witness(lab, client);
    if (!('metadata' in pod)) return pod;
    const run = (): Promise<Ran | Observation> => execIn(lab, client, pod, args, timeoutMs);
    const ran = await (hasRoom(pod, client) ? run() : limitOf(lab, client, 1)(run));
    // A rollout of the client that is still on its way says nothing about what was asked.
    if ('output' in ran || left === 1 || (await isThere(lab, pod))) return ran;
  }
}

async function isThere(lab: LabView, { metadata: { namespace, name, uid } }: Pod): Promise<boolean> {
  const now = await lab.kube.get(resources.pods, namespace, name);
  return now?.metadata.uid === uid && now.metadata.deletionTimestamp === undefined;
}

async function execIn(
  lab: LabView,
  client: ClientRef,
  { metadata: { name } }: Pod,
  args: readonly string[],
  timeoutMs: number,
): Promise<Ran | Observation> {
  const begun = lab.clock.now();
  try {
    const { code, stdout, stderr } = await lab.kube.exec(client.namespace, name, {
      container: client.app,
      command: ['node', '/app/shop.mjs', ...args],
      timeoutMs,
      signal: lab.signal,
    });
    if (code === 0) return { output: stdout, begun, ended: lab.clock.now() };
    return fail(
      `in pod ${name}: ${args[0] ?? ''} ended with exit code ${code}: ${(stderr || stdout).slice(0, 200)}`,
    );
  } catch (error) {
    // The API server refuses where the pod or its container has gone meanwhile: that is the learner's state.
    if (error instanceof KubeError) return fail(`no command can be run in pod ${name}: ${error.message}`);
    // A lookup may take as long as the pod's DNS settings say: minutes. What is not there by now is no answer.
    if (isTimeout(error)) return fail(`in pod ${name}: no answer within ${timeoutMs / 1000} s`);
    throw error;
  }
}

/** What AbortSignal.timeout() throws. */
const isTimeout = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'name' in error && error.name === 'TimeoutError';

export function isReport(result: ProbeReport | Observation): result is ProbeReport {
  return 'attempts' in result;
}
