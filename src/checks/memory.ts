import { compareQuantities } from '../model/quantity.ts';
import type { Quantity } from '../model/objects.ts';
import { type Check, fail, type LabView, type Observation, pass } from './check.ts';
import { type ClientRef, isReport, probeFrom, textFrom } from './client-pod.ts';
import { readyEndpoints } from './endpoints.ts';
import { httpArguments } from './traffic.ts';
import { restartsChanged, restartsOf, type WorkloadRef } from './workloads.ts';

/** Requests that every process is sent. */
export interface MemoryLoad {
  /** With its query, as `/report?rows=100`. */
  readonly path: string;
  /** Text that every answer must have. */
  readonly contains?: string;
  readonly count: number;
  /** So many of them at the same time; one where not said. `count` is a multiple of it. */
  readonly atOnce?: number;
}

/** What a process may take, and what it has to serve within that. */
export interface MemoryBudget {
  readonly from: ClientRef;
  /** What a process may have taken at most when it has served all of it. */
  readonly limit: Quantity;
  readonly loads: readonly MemoryLoad[];
}

/** After so many requests the memory is looked at: a leak is seen long before it takes a whole node. */
const STEP = 100;
const REQUEST_TIMEOUT = 10_000;

/**
 * What a process needs does not depend on how much it has served: every process behind the workload's Service is sent
 * the same number of requests, whatever kind of cluster it is, answers them all, and in that time, without a
 * restart, never took more than the limit (its own metric `process_peak_memory_bytes`).
 */
export function memoryStaysBelow(of: WorkloadRef, budget: MemoryBudget): Check {
  const { loads, limit } = budget;
  const load = loads
    .map(({ count, path, atOnce = 1 }) => `${count} × ${path}${atOnce > 1 ? ` (${atOnce} at once)` : ''}`)
    .join(', ');
  return {
    expected: `each process of ${of.name} serves ${load} without a restart and takes at most ${limit} of memory`,
    disturbs: `${load} to every pod of ${of.name}`,
    look: () => Promise.resolve(pass('proven under load when graded')),
    grade: async (lab) => {
      const before = await restartsOf(lab, of);
      if (before === undefined) return fail(`deployment/${of.name} does not exist`);
      const endpoints = await readyEndpoints(lab, of.namespace, of.name);
      // Nobody is no proof: without any pod there would be nothing to look at.
      if (endpoints.length < Math.max(before.size, 1))
        return fail(`service/${of.name} leads to ${endpoints.length} of ${before.size} pods`);
      const peaks: number[] = [];
      for (const endpoint of endpoints) {
        const peak = await peakUnder(lab, endpoint, budget);
        if (typeof peak !== 'number') return peak;
        peaks.push(peak);
      }
      const changed = restartsChanged(before, await restartsOf(lab, of));
      if (changed !== undefined) return fail(`under load ${changed}`);
      return pass(`at most ${megabytes(Math.max(...peaks))} of memory`);
    },
  };
}

/** @returns the most that the process took, or a failing observation as soon as that is too much */
async function peakUnder(
  lab: LabView,
  endpoint: string,
  { from, limit, loads }: MemoryBudget,
): Promise<number | Observation> {
  let peak = 0;
  for (const { path, contains, count, atOnce = 1 } of loads) {
    const url = `http://${endpoint}${path}`;
    const request = { url, timeoutMs: REQUEST_TIMEOUT, ...(contains === undefined ? {} : { contains }) };
    for (let sent = 0; sent < count;) {
      const step = Math.ceil(Math.min(STEP, count - sent) / atOnce);
      const args = [...httpArguments(request), '--every', '0ms', '--count', `${step}`, '--until-failure'];
      const reports = await Promise.all(
        Array.from({ length: atOnce }, () => probeFrom(lab, from, args, step * REQUEST_TIMEOUT)),
      );
      for (const report of reports) {
        if (!isReport(report)) return report;
        sent += report.attempts;
        if (report.failed > 0) return fail(`${path}: request ${sent} got ${report.last}`);
      }
      const seen = await peakOf(lab, from, endpoint);
      if (typeof seen !== 'number') return seen;
      peak = seen;
      if (compareQuantities(`${peak}`, limit) > 0)
        return fail(`a process had taken ${megabytes(peak)} of memory after ${sent} × ${path}`);
    }
  }
  return peak;
}

async function peakOf(lab: LabView, from: ClientRef, endpoint: string): Promise<number | Observation> {
  const metrics = await textFrom(lab, from, `http://${endpoint}/metrics`);
  if (typeof metrics !== 'string') return metrics;
  const value = /^process_peak_memory_bytes (\d+)$/m.exec(metrics)?.[1];
  return value === undefined
    ? fail(`the program at ${endpoint} is not the program of the shop`)
    : Number(value);
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)}Mi`;
