/**
 * What names and addresses may look like; each function answers with what is wrong, in the API server's words.
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
 */
const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const LABEL_PATTERN = new RegExp(`^${LABEL}$`);
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const SUBDOMAIN_PATTERN = new RegExp(`^${SUBDOMAIN}$`);
const SEARCH_PATH = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*';
const SEARCH_PATH_PATTERN = new RegExp(`^${SEARCH_PATH}$`);
const CONFIG_KEY_PATTERN = /^[-._a-zA-Z0-9]+$/;
const HEADER_PATTERN = /^[-A-Za-z0-9]+$/;

const LABEL_WORDS = `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${LABEL}')`;
const LABEL_1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const LABEL_1035_PATTERN = new RegExp(`^${LABEL_1035}$`);
const LABEL_1035_WORDS = `a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '${LABEL_1035}')`;
const SUBDOMAIN_WORDS = `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${SUBDOMAIN}')`;
const WILDCARD_WORDS =
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const SEARCH_PATH_WORDS = `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${SEARCH_PATH}')`;

/** Names are measured in characters, in the server's words; labels and annotations in bytes (`model/label-syntax.ts`). */
function lengthProblems(name: string, limit: number): string[] {
  return name.length > limit ? [`must be no more than ${limit} characters`] : [];
}

/** `my-name`, at most 63 characters, and no digit first: names of custom resources and their versions. */
export function label1035Problems(name: string): string[] {
  const problems = lengthProblems(name, 63);
  if (!LABEL_1035_PATTERN.test(name)) problems.push(LABEL_1035_WORDS);
  return problems;
}

/** `my-name`, at most 63 characters. */
export function labelProblems(name: string): string[] {
  const problems = lengthProblems(name, 63);
  if (!LABEL_PATTERN.test(name))
    problems.push(SUBDOMAIN_PATTERN.test(name) ? 'must not contain dots' : LABEL_WORDS);
  return problems;
}

/** What a name begins with that the server makes from it may end with a dash. */
export const asPrefix = (name: string): string =>
  name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name;

/** `example.com`, at most 253 characters. */
export function subdomainProblems(name: string): string[] {
  const problems = lengthProblems(name, 253);
  if (!SUBDOMAIN_PATTERN.test(name)) problems.push(SUBDOMAIN_WORDS);
  return problems;
}

/** A subdomain with a wildcard as its first label. */
export function wildcardProblems(name: string): string[] {
  const problems = lengthProblems(name, 253);
  if (!name.startsWith('*.') || !SUBDOMAIN_PATTERN.test(name.slice(2))) problems.push(WILDCARD_WORDS);
  return problems;
}

/** A search domain of a resolver, which may have underscores. */
export function searchPathProblems(name: string): string[] {
  return SEARCH_PATH_PATTERN.test(name) ? [] : [SEARCH_PATH_WORDS];
}

/** A name that is part of a path, as those of roles. */
export function pathSegmentProblems(name: string): string[] {
  if (name === '.' || name === '..') return [`may not be '${name}'`];
  return ['/', '%']
    .filter((character) => name.includes(character))
    .map((character) => `may not contain '${character}'`);
}

/** The name of a port: at most 15 characters, at least one letter. */
export function portNameProblems(name: string): string[] {
  const problems = lengthProblems(name, 15);
  if (!/^[-a-z0-9]+$/.test(name)) {
    problems.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  }
  if (!/[a-z]/.test(name)) problems.push('must contain at least one letter (a-z)');
  if (name.includes('--')) problems.push('must not contain consecutive hyphens');
  if (name.startsWith('-') || name.endsWith('-')) problems.push('must not begin or end with a hyphen');
  return problems;
}

/** A key of a ConfigMap or Secret: it becomes a file name. */
export function configKeyProblems(key: string): string[] {
  const problems = lengthProblems(key, 253);
  if (!CONFIG_KEY_PATTERN.test(key)) {
    problems.push(
      `a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')`,
    );
  }
  if (key === '.' || key === '..') problems.push(`must not be '${key}'`);
  else if (key.startsWith('..')) problems.push("must not start with '..'");
  return problems;
}

/** The name of an environment variable may be nearly anything. */
export function variableProblems(name: string): string[] {
  if (/^[ -<>-~]+$/.test(name)) return [];
  return ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

export function headerProblems(name: string): string[] {
  if (HEADER_PATTERN.test(name)) return [];
  return [
    "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')",
  ];
}

export function isIPv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

export function isIPv6(text: string): boolean {
  const halves = text.split('::');
  if (halves.length > 2 || !/^[0-9a-fA-F:.]+$/.test(text)) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const last = groups.at(-1) ?? '';
  const count = groups.length + (isIPv4(last) ? 1 : 0);
  const hexadecimal = isIPv4(last) ? groups.slice(0, -1) : groups;
  if (!hexadecimal.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return false;
  return halves.length === 2 ? count <= 7 : count === 8;
}

export function addressProblems(address: string): string[] {
  if (isIPv4(address) || isIPv6(address)) return [];
  return ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'];
}

/** Addresses that endpoints may not have, since they mean another host to everybody. */
export function reservedAddressProblems(address: string): string[] {
  if (address === '0.0.0.0' || address === '::') return ['may not be unspecified (0.0.0.0 or ::)'];
  if (address.startsWith('127.') || address === '::1') {
    return ['may not be in the loopback range (127.0.0.0/8, ::1/128)'];
  }
  if (address.startsWith('169.254.') || /^fe[89ab]/i.test(address)) {
    return ['may not be in the link-local range (169.254.0.0/16, fe80::/10)'];
  }
  if (/^224\.0\.0\./.test(address) || /^ff02:/i.test(address)) {
    return ['may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'];
  }
  return [];
}

/** An IPv4 network as its first address and the length of its prefix. */
export interface Network {
  readonly address: number;
  readonly bits: number;
}

/** @returns undefined for what is no IPv4 network */
export function networkOf(cidr: string): Network | undefined {
  const [address = '', bits = '', ...more] = cidr.split('/');
  if (!isIPv4(address) || !/^\d{1,2}$/.test(bits) || Number(bits) > 32 || more.length > 0) return undefined;
  const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  return { address: number, bits: Number(bits) };
}

export function sizeOf({ bits }: Network): number {
  return 2 ** (32 - bits);
}

export function networkProblems(cidr: string): string[] {
  const [address = '', bits = '', ...more] = cidr.split('/');
  if (isIPv6(address) && /^\d{1,3}$/.test(bits) && Number(bits) <= 128 && more.length === 0) return [];
  const network = networkOf(cidr);
  if (network === undefined) return ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'];
  if (network.address % sizeOf(network) !== 0) return ['must not have bits set beyond the prefix length'];
  return [];
}
