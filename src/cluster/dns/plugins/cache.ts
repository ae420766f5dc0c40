import type { DnsMessage, DnsRecord } from '../../network/dns-message.ts';
import { parseGoDuration } from '../../../core/go-duration.ts';
import { kindOf, normalName, zoneOf, type AnswerKind } from '../messages.ts';
import type { MetricName, Series } from '../metrics.ts';
import type { DnsRequest, Done, Next, Setup } from '../plugin.ts';
import type { Dispenser } from '../../../model/corefile/dispenser.ts';
import { once, parseWhole, zonesOr } from './common.ts';

const CAPACITY = 9984;
const MIN_TTL = 5;

interface Limits {
  capacity: number;
  /** Seconds. */
  maxTtl: number;
  minTtl: number;
  /** Zones that are not kept; undefined: none. */
  disabled: string[] | undefined;
}

interface Options {
  zones: string[];
  success: Limits;
  denial: Limits;
  servfailTtl: number;
  prefetch: { amount: number; periodMs: number; percentage: number } | undefined;
  stale: { forMs: number; verify: boolean } | undefined;
  keepTtl: boolean;
}

interface Item {
  readonly answer: DnsMessage;
  readonly storedAt: number;
  /** Seconds. */
  readonly ttl: number;
  hits: number[];
}

/** Keeps answers for a while. https://coredns.io/plugins/cache/ */
export const cache: Setup = ({ tokens, block, instance }) => {
  once(tokens, 'cache');
  const options = parse(tokens, block.zones);
  const { clock } = instance.program;
  const { metrics } = instance;
  const stores = { success: new Map<string, Item>(), denial: new Map<string, Item>() };
  const label = options.zones.map((zone) => `${zone}.`).join(',');
  const base = { server: block.server, view: '', zones: label };
  const requests = metrics.lazily('coredns_cache_requests_total', base);
  const misses = metrics.lazily('coredns_cache_misses_total', base);
  const ofType = (name: MetricName): Readonly<Record<'success' | 'denial', () => Series>> => ({
    success: metrics.lazily(name, { ...base, type: 'success' }),
    denial: metrics.lazily(name, { ...base, type: 'denial' }),
  });
  const hits = ofType('coredns_cache_hits_total');
  const entries = ofType('coredns_cache_entries');

  const remaining = (item: Item): number => item.ttl - Math.floor((clock.now() - item.storedAt) / 1000);
  const find = (key: string): { item: Item; type: 'success' | 'denial' } | undefined => {
    for (const type of ['denial', 'success'] as const) {
      const item = stores[type].get(key);
      if (item === undefined) continue;
      const left = remaining(item);
      if (left > 0 || (options.stale !== undefined && -left * 1000 < options.stale.forMs))
        return { item, type };
    }
    return undefined;
  };

  const keep = (key: string, answer: DnsMessage, kind: AnswerKind, ttl: number): void => {
    if (kind === 'other' || answer.truncated === true || ttl <= 0) return;
    const type = kind === 'success' ? 'success' : 'denial';
    const { disabled, capacity } = options[type];
    if (disabled !== undefined && zoneOf(answer.question.name, disabled) !== undefined) return;
    const store = stores[type];
    store.delete(key);
    store.set(key, { answer, storedAt: clock.now(), ttl, hits: [] });
    const oldest = store.keys().next().value;
    if (store.size > capacity && oldest !== undefined) store.delete(oldest);
    for (const each of ['success', 'denial'] as const) {
      entries[each]().value = stores[each].size;
    }
  };

  const refresh = (request: DnsRequest, key: string, next: Next, done: Done): void => {
    next(request, (outcome) => {
      if (outcome.answer === undefined) {
        done(outcome);
        return;
      }
      const kind = kindOf(outcome.answer);
      const ttl = ttlFor(outcome.answer, kind, options);
      keep(key, outcome.answer, kind, ttl);
      done({ answer: withTtl(outcome.answer, ttl) });
    });
  };

  const wantsPrefetch = (item: Item): boolean => {
    if (options.prefetch === undefined) return false;
    const { amount, periodMs, percentage } = options.prefetch;
    const now = clock.now();
    item.hits = [...item.hits.filter((at) => now - at < periodMs), now];
    return item.hits.length >= amount && remaining(item) <= Math.ceil((percentage / 100) * item.ttl);
  };

  return {
    name: 'cache',
    serve: (request, next, done) => {
      if (zoneOf(request.name, options.zones) === undefined) {
        next(request, done);
        return;
      }
      const key = `${request.type} ${request.name}`;
      requests().add();
      const found = find(key);
      if (found === undefined) {
        misses().add();
        refresh(request, key, next, done);
        return;
      }
      const { item, type } = found;
      hits[type]().add();
      const left = remaining(item);
      const answered = (): void => {
        const ttl = options.keepTtl ? item.ttl : Math.max(0, left);
        done({
          answer: { ...withTtl(item.answer, ttl), id: request.query.id, question: request.query.question },
        });
      };
      if (left > 0) {
        if (wantsPrefetch(item)) {
          metrics.add('coredns_cache_prefetch_total', base);
          refresh(request, key, next, () => {});
        }
        answered();
        return;
      }
      if (options.stale?.verify === true) {
        refresh(request, key, next, (outcome) => {
          const code = outcome.answer?.code;
          if (code === 'NOERROR' || code === 'NXDOMAIN') {
            done(outcome);
            return;
          }
          metrics.add('coredns_cache_served_stale_total', base);
          answered();
        });
        return;
      }
      metrics.add('coredns_cache_served_stale_total', base);
      refresh(request, key, next, () => {});
      answered();
    },
  };
};

function ttlFor(answer: DnsMessage, kind: AnswerKind, options: Options): number {
  if (kind === 'servfail') return options.servfailTtl;
  const limits = kind === 'nodata' || kind === 'nxdomain' ? options.denial : options.success;
  const records = [...answer.answers, ...answer.authority, ...(answer.additional ?? [])];
  let ttl = records.length === 0 ? MIN_TTL : 3600;
  for (const record of records) {
    const minimum =
      record.type === 'SOA' && kind !== 'success' ? Number(record.data.split(' ')[6]) : record.ttl;
    ttl = Math.min(ttl, record.ttl, minimum);
  }
  return Math.min(Math.max(ttl, limits.minTtl), limits.maxTtl);
}

function withTtl(answer: DnsMessage, ttl: number): DnsMessage {
  const all = (records: readonly DnsRecord[]): DnsRecord[] => records.map((record) => ({ ...record, ttl }));
  return {
    ...answer,
    answers: all(answer.answers),
    authority: all(answer.authority),
    ...(answer.additional === undefined ? {} : { additional: all(answer.additional) }),
  };
}

function parse(tokens: Dispenser, blockZones: readonly string[]): Options {
  const limits = (maxTtl: number): Limits => ({
    capacity: CAPACITY,
    maxTtl,
    minTtl: MIN_TTL,
    disabled: undefined,
  });
  const options: Options = {
    zones: [],
    success: limits(3600),
    denial: limits(1800),
    servfailTtl: 5,
    prefetch: undefined,
    stale: undefined,
    keepTtl: false,
  };
  while (tokens.next()) {
    const words = tokens.remaining();
    const [first] = words;
    if (first !== undefined && /^[+-]?\d+$/.test(first)) {
      const ttl = Number(first);
      if (ttl <= 0) throw new Error(`cache TTL can not be zero or negative: ${ttl}`);
      options.success.maxTtl = options.denial.maxTtl = ttl;
      words.shift();
    }
    options.zones = zonesOr(words, blockZones);
    while (tokens.nextInBlock()) {
      const property = PROPERTIES[tokens.value];
      if (property === undefined) throw tokens.argumentError();
      property(options, tokens.remaining(), tokens);
    }
  }
  return options;
}

type Property = (options: Options, words: readonly string[], tokens: Dispenser) => void;

const limitsProperty =
  (type: 'success' | 'denial'): Property =>
  (options, [capacity, maxTtl, minTtl], tokens) => {
    if (capacity === undefined) throw tokens.argumentError();
    const limits = options[type];
    limits.capacity = parseWhole(capacity);
    if (maxTtl !== undefined) limits.maxTtl = positive(parseWhole(maxTtl));
    if (minTtl !== undefined) limits.minTtl = parseWhole(minTtl);
  };

const PROPERTIES: Readonly<Record<string, Property>> = {
  success: limitsProperty('success'),
  denial: limitsProperty('denial'),
  prefetch: (options, [amount, period, percentage], tokens) => {
    if (amount === undefined) throw tokens.argumentError();
    options.prefetch = {
      amount: parseWhole(amount),
      periodMs: period === undefined ? 60_000 : parseGoDuration(period),
      percentage: percentage === undefined ? 10 : parseWhole(percentage.replace('%', '')),
    };
  },
  serve_stale: (options, [duration, mode]) => {
    const verify = mode?.toLowerCase();
    if (verify !== undefined && verify !== 'immediate' && verify !== 'verify') {
      throw new Error(`invalid value for serve_stale refresh mode: ${mode ?? ''}`);
    }
    const forMs = duration === undefined ? 3_600_000 : parseGoDuration(duration);
    options.stale = { forMs, verify: verify === 'verify' };
  },
  servfail: (options, [duration], tokens) => {
    if (duration === undefined) throw tokens.argumentError();
    options.servfailTtl = parseGoDuration(duration) / 1000;
    if (options.servfailTtl > 300) {
      throw new Error('caching SERVFAIL responses over 5 minutes is not permitted');
    }
  },
  disable: (options, [type, ...zones]) => {
    if (type !== 'success' && type !== 'denial') {
      throw new Error('cache type for disable must be "success" or "denial"');
    }
    // Names only: CoreDNS takes a network for a name here, which no question has.
    options[type].disabled = zones.length === 0 ? [''] : zones.map(normalName);
  },
  keepttl: (options) => {
    options.keepTtl = true;
  },
};

function positive(ttl: number): number {
  if (ttl <= 0) throw new Error(`cache TTL can not be zero or negative: ${ttl}`);
  return ttl;
}
