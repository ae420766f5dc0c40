import { isIPv4, isIPv6 } from 'node:net';
import type { Dispenser } from '../../../model/corefile/dispenser.ts';
import { contains, parseCidr } from '../../network/addresses.ts';
import { replyTo, zoneOf } from '../messages.ts';
import type { MetricName } from '../metrics.ts';
import type { DnsRequest, Setup } from '../plugin.ts';
import { QUERY_TYPES, zonesOr } from './common.ts';

type Action = 'allow' | 'block' | 'filter' | 'drop';

const COUNTERS: Readonly<Record<Exclude<Action, 'allow'>, MetricName>> = {
  block: 'coredns_acl_blocked_requests_total',
  filter: 'coredns_acl_filtered_requests_total',
  drop: 'coredns_acl_dropped_requests_total',
};

interface Policy {
  readonly action: Action;
  fits(request: DnsRequest): boolean;
}

interface Rule {
  readonly zones: readonly string[];
  readonly policies: readonly Policy[];
}

/** Who may ask what: the first policy that fits decides, and what none fits is allowed. https://coredns.io/plugins/acl/ */
export const acl: Setup = ({ tokens, block, instance }) => {
  const rules: Rule[] = [];
  while (tokens.next()) rules.push(parse(tokens, block.zones));
  const { metrics } = instance;
  const base = { server: block.server, view: '' };
  return {
    name: 'acl',
    serve: (request, next, done) => {
      for (const { zones, policies } of rules) {
        const zone = zoneOf(request.name, zones);
        if (zone === undefined) continue;
        const action = policies.find((policy) => policy.fits(request))?.action;
        if (action === 'allow') break;
        if (action === undefined) continue;
        metrics.add(COUNTERS[action], { ...base, zone: `${zone}.` });
        // Who is dropped hears nothing.
        if (action === 'drop') return;
        done({ answer: replyTo(request.query, { code: action === 'block' ? 'REFUSED' : 'NOERROR' }) });
        return;
      }
      metrics.add('coredns_acl_allowed_requests_total', base);
      next(request, done);
    },
  };
};

function parse(tokens: Dispenser, blockZones: readonly string[]): Rule {
  const zones = zonesOr(tokens.remaining(), blockZones);
  const policies: Policy[] = [];
  while (tokens.nextInBlock()) policies.push(policyOf(tokens));
  return { zones, policies };
}

const isAction = (word: string): word is Action => word === 'allow' || Object.hasOwn(COUNTERS, word);
const isSection = (word: string): boolean => /^(type|net)$/i.test(word);

function policyOf(tokens: Dispenser): Policy {
  const word = tokens.value;
  const action = word.toLowerCase();
  if (!isAction(action)) {
    throw tokens.error(
      `unexpected token ${JSON.stringify(word)}; expect 'allow', 'block', 'filter' or 'drop'`,
    );
  }
  /** Undefined: all of them. */
  let types: Set<string> | undefined;
  let nets: string[] | undefined;
  const words = tokens.remaining();
  while (words.length > 0) {
    const section = words.shift() ?? '';
    if (!isSection(section)) {
      throw tokens.error(`unexpected token ${JSON.stringify(section)}; expect 'type | net'`);
    }
    const end = words.findIndex(isSection);
    const given = words.splice(0, end < 0 ? words.length : end);
    const name = section.toLowerCase();
    if (given.length === 0) throw tokens.error(`no token specified in "${name}" section`);
    if (name === 'type') types = typesOf(given, tokens);
    else nets = netsOf(given, tokens);
  }
  const ranges = nets?.map(parseCidr);
  return {
    action,
    fits: ({ type, from }) =>
      types?.has(type) !== false && ranges?.some((range) => contains(range, from.ip)) !== false,
  };
}

/** What comes behind a `*` is not looked at. */
const upToAll = (words: readonly string[]): readonly string[] =>
  words.includes('*') ? words.slice(0, words.indexOf('*')) : words;

function typesOf(words: readonly string[], tokens: Dispenser): Set<string> | undefined {
  for (const word of upToAll(words)) {
    if (!QUERY_TYPES.has(word))
      throw tokens.error(`unexpected token ${JSON.stringify(word)}; expect legal QTYPE`);
  }
  return words.includes('*') ? undefined : new Set(words);
}

/** IPv4 networks; those of IPv6 are taken, and nobody here has an address in them. */
function netsOf(words: readonly string[], tokens: Dispenser): string[] | undefined {
  const nets = upToAll(words).map((word) =>
    word.includes('/') ? word : `${word}/${word.includes(':') ? 128 : 32}`,
  );
  for (const net of nets) {
    const [, address = '', length = ''] = /^([^/]+)\/(\d+)$/.exec(net) ?? [];
    const most = isIPv4(address) ? 32 : isIPv6(address) ? 128 : -1;
    if (length === '' || Number(length) > most)
      throw tokens.error(`illegal CIDR notation ${JSON.stringify(net)}`);
  }
  return words.includes('*') ? undefined : nets.filter((net) => !net.includes(':'));
}
