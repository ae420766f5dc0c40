import type { DnsRecord } from '../../network/dns-message.ts';
import { parseIp } from '../../network/addresses.ts';
import { parseGoDuration } from '../../../core/go-duration.ts';
import { addressOfReverse, normalName, replyTo, zoneOf } from '../messages.ts';
import { NO_FALLTHROUGH, type Setup } from '../plugin.ts';
import { fallthroughOf, once, parseWhole, zonesOr } from './common.ts';

/** Answers from a hosts file and from lines of its own. https://coredns.io/plugins/hosts/ */
export const hosts: Setup = ({ tokens, block, instance }) => {
  once(tokens, 'hosts');
  let path = '/etc/hosts';
  let zones = [...block.zones];
  let ttl = 3600;
  let reverse = true;
  let reloadMs = 5000;
  let fall = NO_FALLTHROUGH;
  const inline: string[] = [];
  const { files, clock } = instance.program;
  while (tokens.next()) {
    const [file, ...origins] = tokens.remaining();
    if (file !== undefined) {
      path = file;
      if (!files.exists(path)) instance.log('WARNING', `plugin/hosts: File does not exist: ${path}`);
    }
    zones = zonesOr(origins, block.zones);
    while (tokens.nextInBlock()) {
      const word = tokens.value;
      const words = tokens.remaining();
      if (word === 'fallthrough') fall = fallthroughOf(words);
      else if (word === 'no_reverse') reverse = false;
      else if (word === 'ttl') {
        if (words.length !== 1) throw tokens.error('ttl needs a number of second');
        try {
          ttl = parseWhole(words[0] ?? '');
        } catch {
          throw tokens.error('ttl needs a number of second');
        }
        if (ttl <= 0 || ttl > 65535) throw tokens.error('ttl provided is invalid');
      } else if (word === 'reload') {
        if (words.length !== 1) throw tokens.error('reload needs a duration (zero seconds to disable)');
        try {
          reloadMs = parseGoDuration(words[0] ?? '');
        } catch {
          throw tokens.error(`invalid duration for reload '${words[0] ?? ''}'`);
        }
      } else inline.push([word, ...words].join(' '));
    }
  }

  let known = new Map<string, string[]>();
  let readAt = Number.NEGATIVE_INFINITY;
  const current = (): Map<string, string[]> => {
    // Real CoreDNS looks every `reload`; looking at the next query gives the same answers.
    const now = clock.now();
    if (now - readAt >= reloadMs || readAt === Number.NEGATIVE_INFINITY) {
      readAt = now;
      const lines = files.exists(path) ? files.readText(path).split('\n') : [];
      known = addressesByName([...lines, ...inline]);
    }
    return known;
  };

  return {
    name: 'hosts',
    serve: (request, next, done) => {
      const { name, type, query } = request;
      const names = current();
      if (zoneOf(name, zones) === undefined && type !== 'PTR') {
        next(request, done);
        return;
      }
      const records: DnsRecord[] = [];
      const ip = type === 'PTR' && reverse ? addressOfReverse(name) : undefined;
      if (ip !== undefined) {
        for (const [host, ips] of names) {
          if (ips.includes(ip)) records.push({ name, type: 'PTR', ttl, data: `${host}.` });
        }
      }
      const addresses = names.get(name) ?? [];
      if (type === 'A') for (const data of addresses) records.push({ name, type: 'A', ttl, data });
      const exists = addresses.length > 0 && (type === 'A' || type === 'AAAA');
      if (records.length > 0 || exists) {
        done({ answer: replyTo(query, { answers: records, authoritative: true }) });
      } else if (fall.through(name)) next(request, done);
      else done({ code: 'SERVFAIL', error: undefined });
    },
  };
};

function addressesByName(lines: readonly string[]): Map<string, string[]> {
  const result = new Map<string, string[]>();
  for (const line of lines) {
    const [ip, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (ip === undefined || parseIp(ip) === undefined) continue;
    for (const name of names.map(normalName)) {
      const found = result.get(name) ?? [];
      if (!found.includes(ip)) found.push(ip);
      result.set(name, found);
    }
  }
  return result;
}
