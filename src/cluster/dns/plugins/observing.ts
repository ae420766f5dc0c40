import type { DnsMessage } from '../../network/dns-message.ts';
import { formatGoDuration, parseGoDuration } from '../../../core/go-duration.ts';
import { codeNumber, dotted, kindOf, normalName, wireSize, zoneOf } from '../messages.ts';
import type { Series } from '../metrics.ts';
import type { DnsRequest, Outcome, Setup } from '../plugin.ts';
import { goRegExp, once } from './common.ts';

// Plugins that watch queries go by: errors, log, prometheus. https://coredns.io/plugins/

interface Pattern {
  readonly source: string;
  readonly pattern: RegExp;
  readonly periodMs: number;
  count: number;
}

/** Logs what went wrong with a query. */
export const errors: Setup = ({ tokens, instance }) => {
  const patterns: Pattern[] = [];
  once(tokens, 'errors');
  while (tokens.next()) {
    const [first, ...more] = tokens.remaining();
    if (first !== undefined && (first !== 'stdout' || more.length > 0)) {
      throw tokens.error(`invalid log file: ${first}`);
    }
    while (tokens.nextInBlock()) {
      if (tokens.value === 'stacktrace') continue;
      if (tokens.value !== 'consolidate') throw tokens.syntaxError(`Unknown field ${tokens.value}`);
      const [period, source] = tokens.remaining();
      if (period === undefined || source === undefined) throw tokens.argumentError();
      let periodMs: number;
      try {
        periodMs = parseGoDuration(period);
      } catch (error) {
        throw tokens.error((error as Error).message);
      }
      patterns.push({ source, pattern: goRegExp(source), periodMs, count: 0 });
    }
  }
  const consolidate = (pattern: Pattern): void => {
    pattern.count++;
    if (pattern.count > 1) return;
    void instance.program.clock.sleep(pattern.periodMs).then(() => {
      const period = formatGoDuration(pattern.periodMs);
      instance.log(
        'ERROR',
        `plugin/errors: ${pattern.count} errors like '${pattern.source}' occurred in last ${period}`,
      );
      pattern.count = 0;
    });
  };
  return {
    name: 'errors',
    serve: (request, next, done) => {
      next(request, (outcome) => {
        if (outcome.error !== undefined) {
          const text = outcome.error;
          const pattern = patterns.find((one) => one.pattern.test(text));
          if (pattern !== undefined) consolidate(pattern);
          else {
            const code = codeNumber(outcome.code);
            instance.log('ERROR', `plugin/errors: ${code} ${dotted(request.name)} ${request.type}: ${text}`);
          }
        }
        done(outcome);
      });
    },
  };
};

type LogClass = 'success' | 'denial' | 'error';

const COMMON =
  '{remote}:{port} - {>id} "{type} {class} {name} {proto} {size} {>do} {>bufsize}" {rcode} {>rflags} {rsize} {duration}';
const COMBINED = `${COMMON} "{>opcode}"`;

/** Logs every query. */
export const log: Setup = ({ tokens, block, instance }) => {
  const rules: { zones: readonly string[]; format: string; classes: Set<string> }[] = [];
  while (tokens.next()) {
    const words = tokens.remaining();
    const last = words.at(-1);
    const hasFormat = last !== undefined && (last.includes('{') || last.startsWith('{'));
    const names = hasFormat ? words.slice(0, -1) : words;
    const format = hasFormat ? last.replace('{common}', COMMON).replace('{combined}', COMBINED) : COMMON;
    const classes = new Set<string>();
    while (tokens.nextInBlock()) {
      if (tokens.value !== 'class') throw tokens.argumentError();
      const given = tokens.remaining();
      if (given.length === 0) throw tokens.argumentError();
      for (const one of given) {
        if (!['all', 'success', 'denial', 'error'].includes(one)) throw new Error(`invalid Class: ${one}`);
        classes.add(one);
      }
    }
    if (classes.size === 0) classes.add('all');
    // Names only: CoreDNS takes a network for a name here.
    rules.push({ zones: names.length === 0 ? block.zones : names.map(normalName), format, classes });
  }
  return {
    name: 'log',
    serve: (request, next, done) => {
      const rule = rules.find(({ zones }) => zoneOf(request.name, zones) !== undefined);
      if (rule === undefined) {
        next(request, done);
        return;
      }
      const { clock, random } = instance.program;
      const start = clock.now();
      next(request, (outcome) => {
        if (rule.classes.has('all') || rule.classes.has(classOf(outcome))) {
          // What the answer would cost on a real machine: 20 to 400 µs.
          const seconds = (clock.now() - start) / 1000 + random.between(20_000, 400_000) / 1e9;
          instance.log('INFO', logLine(rule.format, request, outcome, seconds));
        }
        done(outcome);
      });
    },
  };
};

function classOf(outcome: Outcome): LogClass {
  if (outcome.answer === undefined) return 'error';
  const kind = kindOf(outcome.answer);
  if (kind === 'success') return 'success';
  return kind === 'nodata' || kind === 'nxdomain' ? 'denial' : 'error';
}

function logLine(format: string, request: DnsRequest, { answer }: Outcome, seconds: number): string {
  const tcp = request.from.protocol === 'TCP';
  const values: Readonly<Record<string, string | number>> = {
    remote: request.from.ip,
    port: request.from.port,
    local: '',
    '>id': request.query.id,
    type: request.type,
    class: 'IN',
    name: dotted(request.name),
    proto: tcp ? 'tcp' : 'udp',
    size: wireSize(request.query),
    '>do': 'false',
    '>bufsize': tcp ? 65535 : 512,
    '>opcode': 0,
    rcode: answer?.code ?? '-',
    '>rflags': answer === undefined ? '-' : flagsOf(answer),
    rsize: answer === undefined ? 0 : wireSize(answer),
    duration: `${seconds.toFixed(9).replace(/0+$/, '')}s`,
  };
  return format.replace(/\{([^{}]+)\}/g, (_whole, name: string) => String(values[name] ?? '-'));
}

function flagsOf(answer: DnsMessage): string {
  return [
    'qr',
    answer.authoritative === true ? 'aa' : '',
    answer.truncated === true ? 'tc' : '',
    'rd',
    answer.recursionAvailable === true ? 'ra' : '',
  ]
    .filter((flag) => flag !== '')
    .join(',');
}

/** Types that have a counter of their own. */
const COUNTED = new Set(['A', 'AAAA', 'ANY', 'CNAME', 'MX', 'NS', 'PTR', 'SOA', 'SRV', 'TXT']);

interface Counted {
  readonly requests: Series;
  readonly responses: Series;
  readonly durations: Series;
  readonly requestSizes: Series;
  readonly responseSizes: Series;
}

/** Counts queries and serves the counters at /metrics. */
export const prometheus: Setup = ({ tokens, block, instance }) => {
  once(tokens, 'prometheus');
  let address = 'localhost:9153';
  while (tokens.next()) {
    const [given, more] = tokens.remaining();
    if (more !== undefined) throw tokens.argumentError();
    if (given !== undefined) address = given;
    if (tokens.nextInBlock()) throw tokens.argumentError();
  }
  const { metrics, program } = instance;
  instance.serveHttp(address, '/metrics', () => ({
    status: 200,
    headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores' },
    body: metrics.text(),
  }));
  const base = { server: block.server, view: '', zone: block.zoneLabel };
  const counted = new Map<string, Counted>();
  /** The series that a query counts in; those that no query has had are not told of. */
  const seriesOf = (proto: string, type: string, plugin: string, rcode: string): Counted => {
    const key = `${proto} ${type} ${plugin} ${rcode}`;
    let found = counted.get(key);
    if (found === undefined) {
      found = {
        requests: metrics.series('coredns_dns_requests_total', { ...base, family: '1', proto, type }),
        responses: metrics.series('coredns_dns_responses_total', { ...base, plugin, rcode }),
        durations: metrics.series('coredns_dns_request_duration_seconds', base),
        requestSizes: metrics.series('coredns_dns_request_size_bytes', { ...base, proto }),
        responseSizes: metrics.series('coredns_dns_response_size_bytes', { ...base, proto }),
      };
      counted.set(key, found);
    }
    return found;
  };
  return {
    name: 'prometheus',
    serve: (request, next, done) => {
      const start = program.clock.now();
      const proto = request.from.protocol === 'TCP' ? 'tcp' : 'udp';
      next(request, (outcome) => {
        const type = COUNTED.has(request.type) ? request.type : 'other';
        const rcode = outcome.answer === undefined ? outcome.code : (outcome.answer.code ?? 'NOERROR');
        // CoreDNS names the plugin next in line, whichever gave the answer, and none where nothing was written.
        const plugin = outcome.answer === undefined ? '' : block.following('prometheus');
        const size = outcome.answer === undefined ? 0 : wireSize(outcome.answer);
        const series = seriesOf(proto, type, plugin, rcode);
        series.requests.add();
        series.responses.add();
        series.durations.observe((program.clock.now() - start) / 1000);
        series.requestSizes.observe(wireSize(request.query));
        series.responseSizes.observe(size);
        done(outcome);
      });
    },
  };
};
