import { parseIp } from '../network/addresses.ts';
import { FileError, type FileSystem } from '../runtime/types.ts';
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

type Reader = Pick<FileSystem, 'readText'>;

/** Remembers what the last text meant: the files are read at every lookup and hardly ever change. */
function remembering<T>(parse: (text: string) => T): (text: string) => T {
  let last: { readonly text: string; readonly meaning: T } | undefined;
  return (text) => {
    if (last?.text !== text) last = { text, meaning: parse(text) };
    return last.meaning;
  };
}

/** What the C library knows from its files; a lookup of its own for every process. */
export class ResolverFiles {
  readonly #files: Reader;
  readonly #configuration = remembering(parseResolvConf);
  readonly #hosts = remembering(parseHosts);

  constructor(files: Reader) {
    this.#files = files;
  }

  /** /etc/resolv.conf; without it the server is the local host. */
  get configuration(): ResolverConfiguration {
    return this.#configuration(textOf(this.#files, '/etc/resolv.conf'));
  }

  /** Addresses of a name in /etc/hosts, in the order of their lines. */
  addressesOf(name: string): readonly string[] {
    return this.#hosts(textOf(this.#files, '/etc/hosts')).get(normalName(name)) ?? [];
  }
}

function parseResolvConf(text: string): ResolverConfiguration {
  const nameservers: string[] = [];
  let search: string[] = [];
  const options = new Map<string, string>();
  for (const line of text.split('\n')) {
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

function parseHosts(text: string): ReadonlyMap<string, readonly string[]> {
  const addresses = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [ip, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (ip === undefined || parseIp(ip) === undefined) continue;
    for (const name of names.map(normalName)) {
      const known = addresses.get(name) ?? [];
      if (!known.includes(ip)) addresses.set(name, [...known, ip]);
    }
  }
  return addresses;
}

/** A file that cannot be read is as good as none. */
function textOf(files: Reader, path: string): string {
  try {
    return files.readText(path);
  } catch (error) {
    if (error instanceof FileError) return '';
    throw error;
  }
}
