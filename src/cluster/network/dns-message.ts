/** DNS messages as data (RFC 1035), as far as cluster DNS needs them. */
export type DnsType =
  | 'A'
  | 'AAAA'
  | 'SRV'
  | 'PTR'
  | 'CNAME'
  | 'TXT'
  | 'NS'
  | 'SOA'
  | 'MX'
  | 'HINFO'
  | 'CAA'
  | 'HTTPS'
  | 'SVCB'
  | 'ANY';
export type DnsCode = 'NOERROR' | 'FORMERR' | 'SERVFAIL' | 'NXDOMAIN' | 'NOTIMP' | 'REFUSED';

export interface DnsRecord {
  /** Lower case, without the final dot. */
  readonly name: string;
  readonly type: DnsType;
  /** Seconds. */
  readonly ttl: number;
  /** As in a zone file: `10.96.0.10`, `10 100 80 web.shop.svc.cluster.local`. */
  readonly data: string;
}

export interface DnsMessage {
  readonly id: number;
  readonly question: { readonly name: string; readonly type: DnsType };
  /** Absent in a query. */
  readonly code?: DnsCode;
  readonly answers: readonly DnsRecord[];
  readonly authority: readonly DnsRecord[];
  /** Addresses of what the answers name. */
  readonly additional?: readonly DnsRecord[];
  readonly authoritative?: boolean;
  /** Set by servers that ask others (`ra`). */
  readonly recursionAvailable?: boolean;
  readonly truncated?: boolean;
}
