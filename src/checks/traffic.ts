import { countsOf } from '../core/counts.ts';
import { type Check, fail, type LabView, type Observation, pass } from './check.ts';
import { resources } from '../model/resources.ts';
import { type ClientRef, isReport, probeEach, probeFrom, type ProbeReport } from './client-pod.ts';
import { restartsChanged, restartsOf, type WorkloadRef } from './workloads.ts';

export interface HttpOptions {
  readonly from: ClientRef;
  readonly url: string;
  readonly method?: string;
  /** 200 where not said. */
  readonly status?: number;
  /** Text that the body must have: who answered counts, not only that somebody did. */
  readonly contains?: string;
  /** Of one request, in milliseconds; 2000 where not said. */
  readonly timeoutMs?: number;
}

/** A client in the cluster gets the right answer over HTTP. */
export function http(options: HttpOptions): Check {
  const { from, url, status = 200 } = options;
  return probed(
    from,
    httpArguments(options),
    `${from.app} gets ${status} from ${url}`,
    (report) => report.last,
  );
}

/** For the shop's probe program. */
export function httpArguments(options: Omit<HttpOptions, 'from'>): string[] {
  const { url, method, status = 200, contains, timeoutMs = 2000 } = options;
  return [
    'http',
    url,
    ...(method === undefined ? [] : ['--method', method]),
    '--status',
    String(status),
    ...(contains === undefined ? [] : ['--contains', contains]),
    '--timeout',
    `${timeoutMs}ms`,
  ];
}

export interface DnsOptions {
  readonly from: ClientRef;
  readonly name: string;
  /** An address that must be among the answers. */
  readonly address?: string;
  /** It must be the only one. */
  readonly exactly?: true;
  /** No answer may take longer, in milliseconds. */
  readonly withinMs?: number;
}

/** A client in the cluster resolves a name, to `address` where one is given. */
export function dns({ from, name, address, exactly, withinMs }: DnsOptions): Check {
  const args = [
    'dns',
    name,
    ...(address === undefined ? [] : ['--contains', address]),
    ...(exactly === true ? ['--exactly'] : []),
    ...(withinMs === undefined ? [] : ['--within', `${withinMs}ms`]),
  ];
  const expected =
    address === undefined ? `${from.app} resolves ${name}` : `${from.app} resolves ${name} to ${address}`;
  return probed(from, args, expected, (report) => report.last);
}

/** For the shop's probe program: a question to one name server. */
export const askArguments = (server: string, name: string, type: string): string[] => [
  'ask',
  server,
  '--name',
  name,
  '--type',
  type,
];

/** What a name server is asked; it is to say `answer` and nothing else where one is given, otherwise that there is such a name. */
export interface Question {
  readonly name: string;
  readonly type: 'A' | 'AAAA' | 'PTR' | 'SRV' | 'TXT' | 'MX';
  readonly answer?: string;
}

/** A name server answers a client correctly, whatever the client's own DNS settings. It is asked no more after a wrong answer. */
export function answersAt(from: ClientRef, server: string, questions: readonly Question[]): Check {
  const probes = questions.map(({ name, type, answer }) => [
    ...askArguments(server, name, type),
    ...(answer === undefined ? [] : ['--contains', answer, '--exactly']),
  ]);
  return {
    expected: `${server} answers correctly`,
    look: async (lab) => {
      const reports = await probeEach(lab, from, probes, 30_000 + 2000 * probes.length);
      if ('status' in reports) return reports;
      const wrong = reports.findIndex(({ failed }) => failed > 0);
      if (wrong === -1) return pass(`${reports.length} answers are correct`);
      const { name = '', type = '' } = questions[wrong] ?? {};
      return fail(`${name} (${type}): ${reports[wrong]?.last ?? ''}`);
    },
  };
}

/** A client in the cluster opens a TCP connection. */
export function tcp(options: { from: ClientRef; host: string; port: number }): Check {
  const { from, host, port } = options;
  return probed(
    from,
    ['tcp', `${host}:${port}`],
    `${from.app} connects to ${host}:${port}`,
    ({ last }) => last,
  );
}

function probed(
  from: ClientRef,
  args: readonly string[],
  expected: string,
  answer: (report: ProbeReport) => string,
): Check {
  return {
    expected,
    look: (lab) => once(lab, from, args, answer),
    observe: async (lab, windowMs) => {
      const window = ['--for', `${windowMs}ms`, '--every', '200ms', '--until-failure'];
      const report = await probeFrom(lab, from, [...args, ...window], windowMs + 30_000);
      if (!isReport(report)) return report;
      return judge(report, answer);
    },
  };
}

async function once(
  lab: LabView,
  from: ClientRef,
  args: readonly string[],
  answer: (report: ProbeReport) => string,
): Promise<Observation> {
  const report = await probeFrom(lab, from, args, 30_000);
  return isReport(report) ? judge(report, answer) : report;
}

function judge(report: ProbeReport, answer: (report: ProbeReport) => string): Observation {
  if (report.failed === 0) return pass(countsOf(report.outcomes));
  const after =
    report.attempts > 1 ? ` after ${((report.firstFailureAfterMs ?? 0) / 1000).toFixed(1)} s` : '';
  return fail(`${answer(report)}${after}`);
}

/** A client in the cluster resolves a Service of its own namespace to the address that it has now, and to no other. */
export function resolves(options: { from: ClientRef; service: string; withinMs?: number }): Check {
  const { from, service, withinMs } = options;
  const check = async (lab: LabView): Promise<Check | undefined> => {
    const { spec } = (await lab.kube.get(resources.services, from.namespace, service)) ?? {};
    if (spec?.clusterIP === undefined) return undefined;
    const address = spec.clusterIP;
    return dns({
      from,
      name: service,
      address,
      exactly: true,
      ...(withinMs === undefined ? {} : { withinMs }),
    });
  };
  return {
    expected: `${from.app} resolves ${service} to its address`,
    look: async (lab) => (await check(lab))?.look(lab) ?? fail(`service/${service} does not exist`),
    observe: async (lab, windowMs) =>
      (await check(lab))?.observe?.(lab, windowMs) ?? fail(`service/${service} does not exist`),
  };
}

/** A lookup in a client fails in one way: `ENOTFOUND` (no such name) or `EAI_AGAIN` (no answer). */
export function lookupFails(options: {
  from: ClientRef;
  name: string;
  code: 'ENOTFOUND' | 'EAI_AGAIN';
  /** It fails so fast, in milliseconds: refused instead of never answered. */
  withinMs?: number;
  /** It takes so long, in milliseconds: never answered instead of refused. */
  afterMs?: number;
}): Check {
  const { from, name, code, withinMs = Infinity, afterMs = 0 } = options;
  return {
    expected: `${from.app} gets ${code} for ${name}`,
    look: async (lab) => {
      const report = await probeFrom(lab, from, ['dns', name], 60_000);
      if (!isReport(report)) return report;
      const holds =
        report.outcomes[code] !== undefined && report.tookMs >= afterMs && report.tookMs <= withinMs;
      return holds ? pass(report.last) : fail(`${report.last} after ${report.tookMs} ms`);
    },
  };
}

/** A client gets more than one answer for a name, asked again and again (a symptom). */
export function answersVary(options: { from: ClientRef; name: string }): Check {
  const { from, name } = options;
  return {
    expected: `${from.app} gets different answers for ${name}`,
    look: async (lab) => {
      const report = await probeFrom(lab, from, ['dns', name, '--count', '60', '--every', '50ms'], 60_000);
      if (!isReport(report)) return report;
      const counts = countsOf(report.outcomes);
      return Object.keys(report.outcomes).length > 1 ? pass(counts) : fail(counts);
    },
  };
}

/** Of `count` requests at least `atLeast` are answered as they should be: for what may fail now and then. */
export function mostlyAnswered(
  options: HttpOptions & { readonly count: number; readonly everyMs: number; readonly atLeast: number },
): Check {
  const { from, url, count, everyMs, atLeast, timeoutMs = 2000 } = options;
  const args = [...httpArguments(options), '--count', `${count}`, '--every', `${everyMs}ms`];
  return {
    expected: `of ${count} requests to ${url} at least ${atLeast} are answered`,
    look: async (lab) => {
      const report = await probeFrom(lab, from, args, count * (everyMs + timeoutMs) + 30_000);
      if (!isReport(report)) return report;
      const counts = countsOf(report.outcomes);
      return report.succeeded >= atLeast ? pass(counts) : fail(counts);
    },
  };
}

export interface LoadOptions extends HttpOptions {
  /** At least so many requests. */
  readonly count: number;
  /** And at least so many for every pod there is: more pods do not make the load of one lighter. */
  readonly perPod: number;
  /** Milliseconds from one request to the next. */
  readonly everyMs: number;
}

/**
 * Sends a number of requests that does not depend on what kind of cluster it is, and watches the workload meanwhile: every request is
 * answered, and no container of it is killed, restarted or replaced.
 */
export function survivesLoad(of: WorkloadRef, options: LoadOptions): Check {
  const { from, url, everyMs, timeoutMs = 2000 } = options;
  const args = [...httpArguments(options), '--every', `${everyMs}ms`];
  const load = `${options.perPod} requests per pod (at least ${options.count})`;
  return {
    expected: `${of.name} answers ${load}, and none of its containers is killed`,
    disturbs: `${load} to ${url}`,
    look: () => Promise.resolve(pass('proven under load when graded')),
    grade: async (lab) => {
      const before = await restartsOf(lab, of);
      if (before === undefined) return fail(`deployment/${of.name} does not exist`);
      const count = Math.max(options.count, options.perPod * before.size);
      const patience = count * (everyMs + timeoutMs) + 30_000;
      const report = await probeFrom(lab, from, [...args, '--count', `${count}`], patience);
      if (!isReport(report)) return report;
      const changed = restartsChanged(before, await restartsOf(lab, of));
      if (changed !== undefined) return fail(`under load ${changed}`);
      return report.failed === 0 ? pass(countsOf(report.outcomes)) : fail(countsOf(report.outcomes));
    },
  };
}
