import { type Check, fail, type LabView, type Observation, pass } from './check.ts';
import { type ClientRef, isReport, outcomesOf, probeFrom, type ProbeReport } from './client-pod.ts';

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
  const { from, url, method, status = 200, contains, timeoutMs = 2000 } = options;
  const args = [
    'http',
    url,
    ...(method === undefined ? [] : ['--method', method]),
    '--status',
    String(status),
    ...(contains === undefined ? [] : ['--contains', contains]),
    '--timeout',
    `${timeoutMs}ms`,
  ];
  return probed(from, args, `${from.app} gets ${status} from ${url}`, (report) => report.last);
}

/** A client in the cluster resolves a name, to `address` where one is given. */
export function dns(options: { from: ClientRef; name: string; address?: string }): Check {
  const { from, name, address } = options;
  const args = ['dns', name, ...(address === undefined ? [] : ['--contains', address])];
  const expected =
    address === undefined ? `${from.app} resolves ${name}` : `${from.app} resolves ${name} to ${address}`;
  return probed(from, args, expected, (report) => report.last);
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
  const evidence = { ...report };
  if (report.failed === 0) return pass(outcomesOf(report), evidence);
  const after =
    report.attempts > 1 ? ` after ${((report.firstFailureAfterMs ?? 0) / 1000).toFixed(1)} s` : '';
  return fail(`${answer(report)}${after}`, evidence);
}

/**
 * Sends `count` requests and asks for nothing but an answer to each; the load of a scenario. Fails where one gets
 * no answer or an error.
 */
export function load(options: HttpOptions & { readonly count: number; readonly everyMs: number }): Check {
  const { from, url, count, everyMs, status = 200, timeoutMs = 2000 } = options;
  const args = [
    'http',
    url,
    '--status',
    String(status),
    '--timeout',
    `${timeoutMs}ms`,
    '--count',
    String(count),
    '--every',
    `${everyMs}ms`,
  ];
  return {
    expected: `${url} answers ${count} requests from ${from.app}`,
    disturbs: `${count} requests to ${url}`,
    look: async (lab) => {
      const report = await probeFrom(lab, from, args, count * (everyMs + timeoutMs) + 30_000);
      return isReport(report) ? judge(report, ({ outcomes }) => outcomesText(outcomes)) : report;
    },
  };
}

function outcomesText(outcomes: Readonly<Record<string, number>>): string {
  return Object.entries(outcomes)
    .map(([outcome, times]) => `${times} × ${outcome}`)
    .join(', ');
}
