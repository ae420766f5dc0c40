import type { Dispenser } from '../../../model/corefile/dispenser.ts';
import { CorefileError, isSameLine } from '../../../model/corefile/dispenser.ts';
import { zoneOf } from '../messages.ts';
import type { Fallthrough } from '../plugin.ts';
import { zonesOf } from '../zones.ts';

/** Types of queries that CoreDNS' DNS library knows by name; few of them are ever asked for here. */
export const QUERY_TYPES: ReadonlySet<string> = new Set(
  (
    'A AAAA AFSDB AMTRELAY ANY APL ATMA AVC AXFR CAA CDNSKEY CDS CERT CNAME CSYNC DHCID DLV DNAME DNSKEY DS EID EUI48 ' +
    'EUI64 GID GPOS HINFO HIP HTTPS IPSECKEY ISDN IXFR KEY KX L32 L64 LOC LP MAILA MAILB MB MD MF MG MINFO MR MX NAPTR ' +
    'NID NIMLOC NINFO NS NSAP NSAP-PTR NSEC NSEC3 NSEC3PARAM NULL NXNAME NXT None OPENPGPKEY OPT PTR PX RESINFO RKEY RP ' +
    'RRSIG RT Reserved SIG SMIMEA SOA SPF SRV SSHFP SVCB TA TALINK TKEY TLSA TSIG TXT UID UINFO UNSPEC URI X25 ZONEMD'
  ).split(' '),
);

/** Zones as given, or the block's own; a network (`10.96.0.0/12`) becomes its reverse zones. */
export function zonesOr(given: readonly string[], block: readonly string[]): string[] {
  return given.length === 0 ? [...block] : zonesOf(given);
}

/** `fallthrough [ZONES…]`: without zones for every name. */
export function fallthroughOf(zones: readonly string[]): Fallthrough {
  const normal = zones.length === 0 ? [''] : zonesOf(zones);
  return { through: (name) => zoneOf(name, normal) !== undefined };
}

/** @throws CorefileError where a directive that is allowed once came again */
export function once(tokens: Dispenser, plugin: string): void {
  const times = tokens.tokens.filter(
    (token, index, all) => token.text === plugin && !isSameLine(all[index - 1], token),
  ).length;
  if (times > 1) {
    throw new CorefileError('this plugin can only be used once per Server Block');
  }
}

/** A whole number as Go reads it. @throws Error with Go's words */
export function parseWhole(text: string, parser: 'Atoi' | 'ParseInt' = 'Atoi'): number {
  if (!/^[+-]?\d+$/.test(text)) {
    throw new CorefileError(`strconv.${parser}: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  return Number(text);
}

/** The port of `:8080` or `0.0.0.0:8080`. @throws Error with Go's words */
export function parseListenAddress(text: string): { ip: string | undefined; port: number } {
  const colon = text.lastIndexOf(':');
  if (colon < 0) throw new CorefileError(`address ${text}: missing port in address`);
  const host = text.slice(0, colon);
  return { ip: host === '' ? undefined : host, port: Number(text.slice(colon + 1)) };
}

/** Go's regular expressions as JavaScript's, as far as Corefiles use them. @throws SyntaxError */
export function goRegExp(source: string): RegExp {
  const flags = /^\(\?([is]+)\)/.exec(source);
  const body = (flags === null ? source : source.slice(flags[0].length))
    .replaceAll('(?P<', '(?<')
    .replaceAll('\\z', '$')
    .replaceAll('\\A', '^');
  return new RegExp(body, flags?.[1] ?? '');
}
