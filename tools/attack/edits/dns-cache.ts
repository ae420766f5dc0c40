import type { Facts } from '../facts.ts';
import { type Partner, partnerOf } from '../partner.ts';
import type { CorefileChange } from './edit.ts';

/** Changes of how long answers are kept, where the fault is about that. */
export interface CacheChanges {
  /** Each of them is a repair, once CoreDNS has read it. */
  readonly right: readonly CorefileChange[];
  /** Near misses, and what goes wrong only beside a repair. */
  readonly others: readonly CorefileChange[];
}

const NONE: CacheChanges = { right: [], others: [] };

/** A cache with lines of its own. */
const cache = (words: string, ...lines: readonly string[]): string =>
  `cache${words} {\n${lines.map((line) => `       ${line}\n`).join('')}    }`;

/** A server block of its own for one name, in front of the others. */
const blockOf = (name: string, ttl: number): CorefileChange => ({
  before: '.:53',
  lines: [`${name}:53 {`, 'kubernetes cluster.local {', `ttl ${ttl}`, '}', `cache ${ttl}`, '}'],
});

/** By the scenario; none where the fault is not in a cache. */
export function cacheChanges({ scenario, values }: Facts): CacheChanges {
  if (scenario === 'dns-stale')
    return stale(String(values['form']), Number(values['ttl']), String(values['service']));
  if (scenario === 'dns-slow') return slow(String(values['form']), partnerOf({ values }));
  return NONE;
}

/** No limit is near a minute, which answers may be kept: 45 s are right, five minutes are not. */
function stale(form: string, ttl: number, service: string): CacheChanges {
  const one = `${service}.shop.svc.cluster.local`;
  const place = form === 'minimum' ? `success 9984 ${2 * ttl} ${ttl}` : `cache ${ttl}`;
  const by = (text: string): CorefileChange => ({ replace: place, by: text });
  const answers = (seconds: number): CorefileChange => ({ replace: `ttl ${ttl}`, by: `ttl ${seconds}` });
  const clusterNames = ['disable success cluster.local', 'disable denial cluster.local'];
  const kept = `success 9984 ${ttl} ${ttl}`;
  if (form === 'minimum')
    return {
      right: [
        by(`success 9984 ${2 * ttl}`),
        by('success 9984 30 30'),
        by('success 9984 45 40'),
        by(`${kept}\n       ${clusterNames.join('\n       ')}`),
        { replace: 'cache {', by: 'cache in-addr.arpa ip6.arpa {' },
      ],
      others: [
        by(`success 9984 ${2 * ttl} 300`),
        by('success 9984 30 30\n       serve_stale 1h'),
        by('success 9984 30 30\n       serve_stale 1h verify'),
        by(`${kept}\n       ${clusterNames[1] ?? ''}`),
        { replace: 'denial 9984 30', by: `denial 9984 ${ttl} ${ttl}` },
        blockOf(one, ttl),
      ],
    };
  return {
    right: [
      answers(30),
      answers(5),
      by('cache 30'),
      by('cache 45'),
      by(cache(` ${ttl}`, ...clusterNames)),
      by(`cache ${ttl} in-addr.arpa ip6.arpa`),
      by(cache(' 30', 'prefetch 2 10m')),
    ],
    others: [
      answers(300),
      by('cache 300'),
      by(cache(' 30', 'serve_stale 1h')),
      by(cache(' 30', 'serve_stale 1h verify')),
      by(cache(` ${ttl}`, clusterNames[0] ?? '')),
      by(cache(` ${ttl}`, clusterNames[1] ?? '')),
      by(cache('', kept)),
      by(cache('', 'success 9984 30 30', `denial 9984 ${ttl} ${ttl}`)),
      blockOf(one, ttl),
    ],
  };
}

/** What the stub domain's block keeps. */
function slow(form: string, { server, zone }: Partner): CacheChanges {
  const forward = `forward . ${server}`;
  const by = (text: string): CorefileChange => {
    if (form === 'gone')
      return { replace: `errors\n    ${forward}`, by: `errors\n    ${text}\n    ${forward}` };
    const place = form === 'zone' ? 'cache 30 cluster.local' : cache(' 30', 'disable success');
    return { replace: place, by: text };
  };
  return {
    right: [
      by('cache 30'),
      by('cache'),
      by('cache 100'),
      by(`cache 30 ${zone}`),
      by(cache(' 60', 'prefetch 5 1m 20%')),
      by(cache('', 'success 5000 90 60', 'denial 5000 30')),
      by(cache(' 30', 'serve_stale 30s verify')),
    ],
    others: [
      by('cache 2'),
      // That a name has no AAAA record is a denial too: each lookup asks for both.
      by(cache(' 30', 'disable denial')),
      by('cache 30 test.cluster.local'),
      by(cache(' 30', 'serve_stale 1h')),
      by(cache(' 30', 'serve_stale 1h verify')),
      by(cache('', 'success 9984 300 300')),
      by(cache('', 'success 9984 86400 86400')),
      by(cache(' 30', 'disable success', 'denial 9984 60')),
      { replace: 'disable success cluster.local', by: 'success 9984 600 600' },
      { replace: 'disable success cluster.local', by: 'serve_stale 1h' },
      { without: 'disable success cluster.local' },
      { without: 'disable denial cluster.local' },
      { without: zone },
      blockOf('payments.shop.svc.cluster.local', 600),
    ],
  };
}
