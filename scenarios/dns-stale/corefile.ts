import type { CountedPartner, Partner } from 'breakfix';

export const namespace = 'shop';
export const coredns = { namespace: 'kube-system', name: 'coredns' };
export const clients = ['gateway', 'checkout', 'payments', 'refunds', 'notifier', 'fx'];

/** Where the exchange rates come from: the lab's own name server for "external" names. */
export const partnerOf = ({ partner, delayMs }: { partner: Partner; delayMs: number }): CountedPartner => ({
  ...partner,
  others: '198.51.100.9',
  delayMs,
  jitterMs: 0,
});

/** The cache plugin of the cluster's own server block, as kubeadm writes it. */
const CACHE = `    cache 30 {
       disable success cluster.local
       disable denial cluster.local
    }
`;

/** The Corefile with answers of the cluster that are kept for `ttl` seconds. */
export function broken(corefile: string, form: string, ttl: number): string {
  switch (form) {
    case 'ttl':
      return corefile.replace('ttl 30', `ttl ${ttl}`).replace(CACHE, `    cache ${ttl}\n`);
    case 'minimum':
      return corefile.replace(
        CACHE,
        `    cache {\n       success 9984 ${2 * ttl} ${ttl}\n       denial 9984 30\n    }\n`,
      );
    default:
      return corefile + clusterBlock(`       ttl ${ttl}\n`, `    cache ${ttl}\n`);
  }
}

/** A change of the broken Corefile: what is written there, and what is to stand in its place. */
type Edit = readonly [from: string, to: string];

const edited = (corefile: string, ...edits: readonly Edit[]): string =>
  edits.reduce((text, [from, to]) => text.replace(from, to), corefile);

/** Answers say themselves that they are not to be kept for long; the cache may keep others. */
export function shorterTtl(corefile: string, form: string, ttl: number): string {
  return form === 'minimum'
    ? edited(corefile, [`success 9984 ${2 * ttl} ${ttl}`, `success 9984 ${2 * ttl}`])
    : edited(corefile, [`ttl ${ttl}`, 'ttl 30']);
}

/** The cache keeps nothing for longer than `seconds`, whatever the answers say. */
export function cappedCache(corefile: string, form: string, ttl: number, seconds: number): string {
  return form === 'minimum'
    ? edited(corefile, [`success 9984 ${2 * ttl} ${ttl}`, `success 9984 ${seconds} ${seconds}`])
    : edited(corefile, [`cache ${ttl}`, `cache ${seconds}`]);
}

/** Good answers are kept for half a minute; that there is no such name, for as long as before. */
export function denialsKept(corefile: string, form: string, ttl: number): string {
  const lines = `       success 9984 30 30\n       denial 9984 ${ttl} ${ttl}\n`;
  return form === 'minimum'
    ? edited(corefile, [`       success 9984 ${2 * ttl} ${ttl}\n       denial 9984 30\n`, lines])
    : edited(corefile, [`cache ${ttl}\n`, `cache {\n${lines}    }\n`]);
}

/** An answer whose time is over is given once more, for up to an hour, while another is fetched. */
export function outdatedFirst(corefile: string, form: string, ttl: number): string {
  const line = '       serve_stale 1h\n';
  return form === 'minimum'
    ? edited(corefile, [`success 9984 ${2 * ttl} ${ttl}\n`, `success 9984 30 30\n${line}`])
    : edited(corefile, [`cache ${ttl}\n`, `cache 30 {\n${line}    }\n`]);
}

/** The cache keeps no good answers of the cluster; and no denials either, unless they are left. */
export function excluded(corefile: string, form: string, ttl: number, denials: 'too' | 'left'): string {
  const success = '       disable success cluster.local\n';
  const lines = denials === 'too' ? `${success}       disable denial cluster.local\n` : success;
  return form === 'minimum'
    ? edited(corefile, [
        '       denial 9984 30\n',
        `       denial 9984 ${2 * ttl}${denials === 'too' ? '' : ` ${ttl}`}\n${lines}`,
      ])
    : edited(corefile, [`    cache ${ttl}\n`, `    cache ${ttl} {\n${lines}    }\n`]);
}

/** The cache keeps nothing of one zone; the others are left as they were. */
export function excludedFor(corefile: string, form: string, ttl: number, zone: string): string {
  const lines = `       disable success ${zone}\n       disable denial ${zone}\n`;
  return form === 'minimum'
    ? edited(corefile, ['       denial 9984 30\n', `       denial 9984 30\n${lines}`])
    : edited(corefile, [`    cache ${ttl}\n`, `    cache ${ttl} {\n${lines}    }\n`]);
}

/** The cache is for reverse names alone. */
export function otherZones(corefile: string, form: string, ttl: number): string {
  return form === 'minimum'
    ? edited(corefile, ['cache {', 'cache in-addr.arpa ip6.arpa {'])
    : edited(corefile, [`cache ${ttl}`, `cache ${ttl} in-addr.arpa ip6.arpa`]);
}

/** No cache in any server block. */
export function withoutCache(corefile: string): string {
  return corefile.replaceAll(/^ {4}cache [^\n{]*(\{\n( {7}.*\n)* {4}\})?\n/gm, '');
}

/** A server block for one name, whose answers are kept. */
export const blockOf = (name: string, ttl: number): string =>
  clusterBlock(`       ttl ${ttl}\n`, `    cache ${ttl}\n`, name);

/** A server block for the cluster's names alone. */
export function clusterBlock(ttl: string, cache: string, zone = 'cluster.local'): string {
  return `${zone}:53 {
    errors
    kubernetes cluster.local {
       pods insecure
${ttl}    }
${cache}    loadbalance
}
`;
}
