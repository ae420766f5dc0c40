import { goFlag } from '../core/go-flags.ts';
import type { ConfigMap, Deployment, Volume } from '../model/objects.ts';
import { resources } from '../model/resources.ts';
import { parseCorefile, type ImportedFiles } from '../model/corefile/corefile.ts';
import { CorefileError, isSameLine, type Token } from '../model/corefile/dispenser.ts';
import type { LabView } from './check.ts';

// A Corefile as far as checks understand it. https://coredns.io/manual/toc/#configuration

/** The ConfigMap that CoreDNS reads, and its key there: another one may have been mounted in its place, and others beside it. */
export function mountedCorefile({ spec }: Deployment): { map: string; key: string } {
  const { containers, volumes = [] } = spec.template.spec;
  const { args = [], volumeMounts = [] } = containers[0] ?? {};
  const file = goFlag(args, 'conf') ?? '';
  const mount = volumeMounts.find(({ mountPath }) => behind(file, mountPath) !== undefined);
  const mounted = volumes.find(({ name }) => name === mount?.name) ?? volumes.find(hasMap);
  const source = mounted && mapsOf(mounted)[0];
  const within = [mount?.subPath ?? '', mount === undefined ? 'Corefile' : behind(file, mount.mountPath)];
  const path = within.filter((part) => part !== '').join('/');
  const item = source?.items?.find((one) => one.path === path);
  return { map: source?.name ?? 'coredns', key: item?.key ?? path };
}

/** What is left of a path below a folder; undefined where it is not there. */
function behind(file: string, folder: string): string | undefined {
  const above = folder.replace(/\/$/, '');
  if (file === above) return '';
  return file.startsWith(`${above}/`) ? file.slice(above.length + 1) : undefined;
}

const mapsOf = ({ configMap, projected }: Volume) => [
  ...(configMap === undefined ? [] : [configMap]),
  ...(projected?.sources ?? []).flatMap(({ configMap: map }) => map ?? []),
];

const hasMap = (volume: Volume): boolean => mapsOf(volume).length > 0;

/** The Corefile that CoreDNS reads when it starts next; undefined where there is none. */
export async function corefileOf(lab: LabView, deployment: Deployment): Promise<string | undefined> {
  const { map, key } = mountedCorefile(deployment);
  return (await lab.kube.get<ConfigMap>(resources.configMaps, 'kube-system', map))?.data?.[key];
}

/** Plugins that answer for some zones. */
export interface ServerBlock {
  readonly zones: readonly string[];
  readonly inside: string;
}

/** What other files than the Corefile would add is not known here. */
const NO_FILES: ImportedFiles = { find: (pattern) => [pattern], read: () => '', warn: () => {} };

/**
 * Server blocks as CoreDNS reads them: snippets stand where they are imported, every directive on a line of its own, and a
 * Corefile that CoreDNS refuses has none. https://coredns.io/manual/configuration/
 */
export function serverBlocks(corefile: string): ServerBlock[] {
  try {
    return parseCorefile('Corefile', corefile, { files: NO_FILES }).map(({ keys, directives }) => ({
      zones: keys.map((key) => key.replace(/^dns:\/\//, '').replace(/:53$/, '')),
      inside: [...directives.values()].map(textOf).join('\n'),
    }));
  } catch (error) {
    if (error instanceof CorefileError) return [];
    throw error;
  }
}

/** Words line by line as they were written, without comments and without quotation marks that mean nothing. */
const textOf = (tokens: readonly Token[]): string =>
  tokens
    .map((token, index) => {
      const word = /^[^\s"]+$/.test(token.text) ? token.text : JSON.stringify(token.text);
      return (index === 0 ? '' : isSameLine(tokens[index - 1], token) ? ' ' : '\n') + word;
    })
    .join('');

/** The inside of the server blocks that answer for the whole cluster; a stub domain's cache is not the cluster's. */
export const mainOf = (blocks: readonly ServerBlock[]): string =>
  blocks
    .filter(({ zones }) => zones.some((zone) => /^(\.|cluster\.local\.?)$/.test(zone)))
    .map(({ inside }) => inside)
    .join('\n');

/** Whether it finds the names of addresses in the cluster. The plugin takes the zones of its block if it names none. */
export function answersReverse({ zones, inside }: ServerBlock): boolean {
  const named = /^\s*kubernetes\b([^{\n]*)/m.exec(inside)?.[1]?.trim();
  if (named === undefined) return false;
  const own = named === '' ? zones : named.split(/\s+/);
  // A network (10.0.0.0/8) stands for its reverse zones.
  return own.some((zone) => zone === '.' || /(^|\.)in-addr\.arpa\.?$|^[\d.]+\/\d+$/.test(zone));
}

/** Whether `health` listens where it does by itself, on all addresses: there the kubelet asks. */
export const healthIsAsked = (main: string): boolean =>
  /^\s*health[ \t]*((0\.0\.0\.0|\[::\])?:8080[ \t]*)?(\{|$)/m.test(main);

/** Whom a server block asks for names that it does not know itself. */
export interface Forward {
  /** Names of which zones; `.` for all. */
  readonly zones: readonly string[];
  /** `10.96.0.20`, `10.96.0.20:5353`, `/etc/resolv.conf` … */
  readonly to: readonly string[];
}

/** https://coredns.io/plugins/forward/: names of `FROM`, as far as its server block answers for them. */
export const forwardsOf = (blocks: readonly ServerBlock[]): Forward[] =>
  blocks.flatMap(({ zones, inside }) =>
    [...inside.matchAll(/^\s*forward[ \t]+(\S+)[ \t]+([^\n{]+)/gm)].map(([, from = '.', to = '']) => ({
      zones: from === '.' ? zones : [from],
      to: to.trim().split(/\s+/),
    })),
  );

/** Zones that a server block forwards nobody's questions about. https://coredns.io/plugins/forward/ */
export const exceptionsOf = (blocks: readonly ServerBlock[]): string[] =>
  blocks.flatMap(({ inside }) =>
    [...inside.matchAll(/^\s*except[ \t]+(.+)$/gm)].flatMap(([, zones = '']) => zones.trim().split(/\s+/)),
  );

/** Who is asked, however that is written: `10.96.0.20`, `10.96.0.20:53` and `dns://10.96.0.20` are the same. */
export const serverIn = (to: string): string => to.replace(/^dns:\/\//, '').replace(/^([^:]+):53$/, '$1');

/** The address that is asked, where one is written down: `10.96.0.20` of `dns://10.96.0.20:5353`. */
export const addressIn = (to: string): string | undefined => /\d+(?:\.\d+){3}/.exec(to)?.[0];

/** Whether names of a zone are what `name` is. */
export const isInZone = (name: string, zone: string): boolean => {
  const plain = zone.replace(/\.$/, '');
  return plain !== '' && (name === plain || name.endsWith(`.${plain}`));
};
