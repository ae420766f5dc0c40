import { parseIp } from '../network/addresses.ts';
import type { FileSystem } from '../runtime/types.ts';
import { normalName } from './messages.ts';

/** What the C library takes from /etc/resolv.conf. https://man7.org/linux/man-pages/man5/resolv.conf.5.html */
export interface ResolverConfiguration {
  readonly nameservers: readonly string[];
  readonly search: readonly string[];
  readonly ndots: number;
  readonly timeoutMs: number;
  readonly attempts: number;
  readonly rotate: boolean;
  readonly useTcp: boolean;
}

type Reader = Pick<FileSystem, 'exists' | 'readText'>;

/** Reads /etc/resolv.conf as the C library does: without it the server is the local host. */
export function readResolvConf(files: Reader): ResolverConfiguration {
  const nameservers: string[] = [];
  let search: string[] = [];
  const options = new Map<string, string>();
  for (const line of linesOf(files, '/etc/resolv.conf')) {
    const [keyword, ...words] = line
      .replace(/[#;].*/, '')
      .trim()
      .split(/\s+/);
    const [first] = words;
    if (keyword === 'nameserver' && first !== undefined && parseIp(first) !== undefined)
      nameservers.push(first);
    else if (keyword === 'search') search = words.map(normalName);
    else if (keyword === 'domain' && first !== undefined) search = [normalName(first)];
    else if (keyword === 'options') {
      for (const word of words) options.set(word.split(':')[0] ?? '', word.split(':')[1] ?? '');
    }
  }
  const number = (name: string, otherwise: number, most: number): number => {
    const value = Number.parseInt(options.get(name) ?? '', 10);
    return Number.isNaN(value) ? otherwise : Math.min(Math.max(value, 0), most);
  };
  return {
    nameservers: nameservers.length === 0 ? ['127.0.0.1'] : nameservers.slice(0, 3),
    search: search.filter((domain) => domain !== ''),
    ndots: number('ndots', 1, 15),
    timeoutMs: Math.max(1, number('timeout', 5, 30)) * 1000,
    attempts: Math.max(1, number('attempts', 2, 5)),
    rotate: options.has('rotate'),
    useTcp: options.has('use-vc'),
  };
}

/** Addresses of a name in /etc/hosts, in the order of their lines. */
export function readHosts(files: Reader, name: string): string[] {
  const wanted = normalName(name);
  const found: string[] = [];
  for (const line of linesOf(files, '/etc/hosts')) {
    const [ip, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (ip === undefined || parseIp(ip) === undefined) continue;
    if (names.some((one) => normalName(one) === wanted)) found.push(ip);
  }
  return [...new Set(found)];
}

function linesOf(files: Reader, path: string): string[] {
  return files.exists(path) ? files.readText(path).split('\n') : [];
}
