import { codeOf, type ShopHost, textOf } from './host.ts';

/**
 * `probe`: a small observer that runs inside the shop's image, by exec in a real client pod, so that what it sees
 * is what that client sees. It looks again and again for a time and prints one JSON document with counts.
 *
 *   probe http URL [--method M] [--status 200] [--contains TEXT] …   probe dns NAME …   probe tcp HOST:PORT …
 *   probe ask ADDRESS …      does somebody answer DNS queries there, over UDP; with [--name NAME] [--type T] what
 *   dns, ask: [--contains ADDRESS] [--exactly]
 *   probe each JSON          arguments of several (a list of lists), in turn, up to the first with a failure: a list of reports
 *   common: [--for 0s] [--every 200ms] [--timeout 2s] [--within 1s] [--until-failure] [--count N]
 *
 * `--timeout` ends a look; `--within` calls one that took longer a failure.
 */
export interface ProbeReport {
  readonly attempts: number;
  readonly succeeded: number;
  readonly failed: number;
  /** How often each outcome was seen: `200`, `503`, `ECONNREFUSED`, an address … */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Milliseconds from the start to the first failure. */
  readonly firstFailureAfterMs?: number;
  /** Text of the last answer or error, cut to 300 characters. */
  readonly last: string;
  readonly tookMs: number;
  /** Half of the looks took at most so long, in milliseconds. */
  readonly medianMs: number;
  /** 99 of 100 looks took at most so long, in milliseconds. */
  readonly p99Ms: number;
}

interface Options {
  readonly kind: string;
  readonly target: string;
  readonly method: string;
  readonly status: number;
  readonly contains: string | undefined;
  readonly exactly: boolean;
  readonly name: string | undefined;
  readonly type: string;
  readonly withinMs: number;
  readonly forMs: number;
  readonly everyMs: number;
  readonly timeoutMs: number;
  readonly untilFailure: boolean;
  readonly count: number;
}

interface Look {
  readonly ok: boolean;
  readonly outcome: string;
  readonly text: string;
}

/** Runs the probe; prints its report. Exit code 0 whatever was seen, 2 for wrong use. */
export async function runProbe(host: ShopHost, args: readonly string[]): Promise<number> {
  const several = args[0] === 'each';
  let probes: Options[];
  try {
    probes = several ? (JSON.parse(args[1] ?? '') as string[][]).map(parse) : [parse(args)];
  } catch (error) {
    host.print(JSON.stringify({ error: textOf(error) }));
    return 2;
  }
  const reports: ProbeReport[] = [];
  for (const options of probes) {
    const report = await observe(host, options);
    reports.push(report);
    if (report.failed > 0) break;
  }
  host.print(JSON.stringify(several ? reports : reports[0]));
  return 0;
}

async function observe(host: ShopHost, options: Options): Promise<ProbeReport> {
  const start = host.now();
  const outcomes: Record<string, number> = {};
  let attempts = 0;
  let succeeded = 0;
  let firstFailureAfterMs: number | undefined;
  let last: string;
  const durations: number[] = [];
  for (;;) {
    const began = host.now();
    const seen = inTime(await look(host, options), host.now() - began, options);
    durations.push(host.now() - began);
    attempts++;
    outcomes[seen.outcome] = (outcomes[seen.outcome] ?? 0) + 1;
    last = seen.text.slice(0, 300);
    if (seen.ok) succeeded++;
    else firstFailureAfterMs ??= host.now() - start;
    if (!seen.ok && options.untilFailure) break;
    const next = start + attempts * options.everyMs;
    if (options.count > 0 ? attempts >= options.count : next - start > options.forMs) break;
    if (next > host.now()) await host.sleep(next - host.now());
  }
  return {
    attempts,
    succeeded,
    failed: attempts - succeeded,
    outcomes,
    ...(firstFailureAfterMs === undefined ? {} : { firstFailureAfterMs }),
    last,
    tookMs: host.now() - start,
    medianMs: percentile(durations, 0.5),
    p99Ms: percentile(durations, 0.99),
  };
}

function inTime(seen: Look, tookMs: number, { withinMs }: Options): Look {
  return seen.ok && tookMs > withinMs
    ? { ok: false, outcome: 'slow', text: `${seen.text} after ${tookMs} ms` }
    : seen;
}

function percentile(durations: readonly number[], part: number): number {
  const sorted = [...durations].sort((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * part) - 1] ?? 0;
}

async function look(host: ShopHost, options: Options): Promise<Look> {
  try {
    switch (options.kind) {
      case 'http': {
        const { status, body } = await host.call(options.target, {
          method: options.method,
          timeoutMs: options.timeoutMs,
        });
        const ok =
          status === options.status && (options.contains === undefined || body.includes(options.contains));
        return { ok, outcome: String(status), text: `${status} ${body.trim()}` };
      }
      case 'dns': {
        return answered(await host.lookup(options.target), options);
      }
      case 'ask': {
        const { name, type } = options;
        if (name !== undefined)
          return answered(await host.ask(options.target, options.timeoutMs, { name, type }), options);
        await host.ask(options.target, options.timeoutMs);
        return { ok: true, outcome: 'answered', text: 'answered' };
      }
      default: {
        const [name = '', port = ''] = options.target.split(':');
        await host.dial(name, Number(port), options.timeoutMs);
        return { ok: true, outcome: 'connected', text: 'connected' };
      }
    }
  } catch (error) {
    return { ok: false, outcome: codeOf(error), text: textOf(error) };
  }
}

/** Whether the right ones are among the answers to a lookup. */
function answered(answers: readonly string[], { contains: wanted, exactly }: Options): Look {
  const text = answers.length === 0 ? 'nothing' : [...answers].sort().join(' ');
  const ok = wanted === undefined || (answers.includes(wanted) && (!exactly || new Set(answers).size === 1));
  return { ok, outcome: text, text };
}

function parse(args: readonly string[]): Options {
  const [kind = '', target = '', ...rest] = args;
  if (!['http', 'dns', 'tcp', 'ask'].includes(kind) || target === '') {
    throw new Error(`use: probe http URL | dns NAME | tcp HOST:PORT | ask ADDRESS; got "${args.join(' ')}"`);
  }
  const flags = new Map<string, string>();
  for (let index = 0; index < rest.length; index++) {
    const flag = rest[index] ?? '';
    if (flag === '--until-failure' || flag === '--exactly') flags.set(flag, 'true');
    else flags.set(flag, rest[++index] ?? '');
  }
  return {
    kind,
    target,
    method: flags.get('--method') ?? 'GET',
    status: Number(flags.get('--status') ?? '200'),
    ...lookupOptions(flags),
    withinMs: flags.has('--within') ? duration(flags.get('--within') ?? '') : Infinity,
    forMs: duration(flags.get('--for') ?? '0s'),
    everyMs: duration(flags.get('--every') ?? '200ms'),
    timeoutMs: duration(flags.get('--timeout') ?? '2s'),
    untilFailure: flags.has('--until-failure'),
    count: Number(flags.get('--count') ?? '0'),
  };
}

function lookupOptions(
  flags: ReadonlyMap<string, string>,
): Pick<Options, 'contains' | 'exactly' | 'name' | 'type'> {
  return {
    contains: flags.get('--contains'),
    exactly: flags.has('--exactly'),
    name: flags.get('--name'),
    type: flags.get('--type') ?? 'A',
  };
}

function duration(text: string): number {
  const match = /^(\d+)(ms|s|m)$/.exec(text);
  if (match === null) throw new Error(`"${text}" is no duration; write 200ms, 30s or 2m`);
  const factor = match[2] === 'ms' ? 1 : match[2] === 's' ? 1000 : 60_000;
  return Number(match[1]) * factor;
}
