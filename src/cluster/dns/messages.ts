import type { DnsCode, DnsMessage, DnsRecord } from '../network/dns-message.ts';

/** The largest answer over UDP to a client that does not say otherwise (EDNS). */
const UDP_SIZE = 512;

const CODES: Readonly<Record<DnsCode, number>> = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
};

export function codeNumber(code: DnsCode): number {
  return CODES[code];
}

export function isCode(text: string): text is DnsCode {
  return Object.hasOwn(CODES, text);
}

/** An answer to a query. */
export function replyTo(
  query: DnsMessage,
  reply: {
    readonly code?: DnsCode;
    readonly answers?: readonly DnsRecord[];
    readonly authority?: readonly DnsRecord[];
    readonly additional?: readonly DnsRecord[];
    readonly authoritative?: boolean;
  },
): DnsMessage {
  return {
    id: query.id,
    question: query.question,
    code: reply.code ?? 'NOERROR',
    answers: reply.answers ?? [],
    authority: reply.authority ?? [],
    ...(reply.additional === undefined || reply.additional.length === 0
      ? {}
      : { additional: reply.additional }),
    ...(reply.authoritative === true ? { authoritative: true } : {}),
  };
}

/** What an answer is for caches and log classes. */
export type AnswerKind = 'success' | 'nodata' | 'nxdomain' | 'servfail' | 'other';

export function kindOf(answer: DnsMessage): AnswerKind {
  const hasSoa = answer.authority.some(({ type }) => type === 'SOA');
  if (answer.code === 'NOERROR') return answer.answers.length > 0 ? 'success' : hasSoa ? 'nodata' : 'success';
  if (answer.code === 'NXDOMAIN') return hasSoa ? 'nxdomain' : 'other';
  return answer.code === 'SERVFAIL' ? 'servfail' : 'other';
}

/** Is the name the zone or under it? The root zone is empty; names have no final dot. */
export function inZone(name: string, zone: string): boolean {
  return zone === '' || name === zone || name.endsWith(`.${zone}`);
}

/** The longest of the zones that a name is in. */
export function zoneOf(name: string, zones: readonly string[]): string | undefined {
  let best: string | undefined;
  for (const zone of zones) {
    if (inZone(name, zone) && (best === undefined || zone.length > best.length)) best = zone;
  }
  return best;
}

/** A zone or name as CoreDNS keeps it: lower case, no final dot. */
export function normalName(text: string): string {
  return text.toLowerCase().replace(/\.$/, '');
}

/** With the final dot, as logs and zone files show names. */
export function dotted(name: string): string {
  return `${name}.`;
}

/**
 * The size of a message in bytes.
 * @param compress whether names that came before are written as pointers
 */
export function wireSize(message: DnsMessage, compress = false): number {
  const seen = compress ? new Set<string>() : undefined;
  const sizeOfName = (name: string, mayCompress: boolean): number => {
    if (name === '') return 1;
    if (seen === undefined) return name.length + 2;
    let size = 0;
    let rest = name;
    while (rest !== '') {
      if (mayCompress && seen.has(rest)) return size + 2;
      seen.add(rest);
      const dot = rest.indexOf('.');
      size += (dot < 0 ? rest.length : dot) + 1;
      rest = dot < 0 ? '' : rest.slice(dot + 1);
    }
    return size + 1;
  };
  const sizeOfData = ({ type, data }: DnsRecord): number => {
    const words = data.split(' ');
    switch (type) {
      case 'A':
        return 4;
      case 'AAAA':
        return 16;
      case 'CNAME':
      case 'NS':
      case 'PTR':
        return sizeOfName(normalName(data), true);
      case 'MX':
        return 2 + sizeOfName(normalName(words[1] ?? ''), true);
      case 'SRV':
        return 6 + sizeOfName(normalName(words[3] ?? ''), false);
      case 'SOA':
        return (
          20 + sizeOfName(normalName(words[0] ?? ''), true) + sizeOfName(normalName(words[1] ?? ''), true)
        );
      // As text; of most types about as long as on the wire.
      default:
        return data.replace(/^"|"$/g, '').length + 1;
    }
  };
  let size = 12 + sizeOfName(message.question.name, true) + 4;
  for (const record of [...message.answers, ...message.authority, ...(message.additional ?? [])]) {
    size += sizeOfName(record.name, true) + 10 + sizeOfData(record);
  }
  return size;
}

/** The answer as it fits into a datagram: without what is too much, and then marked as truncated. */
export function fitToUdp(message: DnsMessage): DnsMessage {
  if (wireSize(message) <= UDP_SIZE || wireSize(message, true) <= UDP_SIZE) return message;
  const { additional: _, ...rest } = message;
  let fitting: DnsMessage = rest;
  if (wireSize(fitting, true) <= UDP_SIZE) return fitting;
  const answers = [...message.answers];
  do {
    answers.pop();
    fitting = { ...rest, answers, truncated: true };
  } while (answers.length > 0 && wireSize(fitting, true) > UDP_SIZE);
  return fitting;
}

/** `10.0.0.1` as the name that its PTR record has. */
export function reverseName(ip: string): string {
  return `${ip.split('.').reverse().join('.')}.in-addr.arpa`;
}

/** The address of a reverse name, or undefined where it is none of a whole IPv4 address. */
export function addressOfReverse(name: string): string | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.in-addr\.arpa$/.exec(name);
  return match === null ? undefined : match.slice(1).reverse().join('.');
}
