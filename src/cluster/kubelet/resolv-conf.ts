import type { Pod } from '../../model/objects.ts';
import type { ResolvConf } from './types.ts';

/** What the C library reads at most. */
const MAX_NAMESERVERS = 3;
const MAX_SEARCHES = 32;

/**
 * The text of a pod's /etc/resolv.conf.
 * https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/#pod-s-dns-policy
 */
export function resolvConfOf(
  pod: Pod,
  node: ResolvConf,
  cluster: { readonly ip: string; readonly domain: string },
): string {
  const base = baseOf(pod, node, cluster);
  const extra = pod.spec.dnsConfig;
  const nameservers = unique([...base.nameservers, ...(extra?.nameservers ?? [])]).slice(0, MAX_NAMESERVERS);
  const searches = unique([...base.searches, ...(extra?.searches ?? [])]).slice(0, MAX_SEARCHES);
  const options = mergeOptions(base.options, extra?.options ?? []);
  return resolvConfText({ nameservers, searches, options });
}

/** https://man7.org/linux/man-pages/man5/resolv.conf.5.html */
export function resolvConfText({ nameservers, searches, options }: ResolvConf): string {
  let text = '';
  if (searches.length > 0) text += `search ${searches.join(' ')}\n`;
  for (const nameserver of nameservers) text += `nameserver ${nameserver}\n`;
  if (options.length > 0) text += `options ${options.join(' ')}\n`;
  return text;
}

function baseOf(pod: Pod, node: ResolvConf, cluster: { ip: string; domain: string }): ResolvConf {
  const { dnsPolicy, hostNetwork } = pod.spec;
  if (dnsPolicy === 'None') return { nameservers: [], searches: [], options: [] };
  // With the host's network ClusterFirst falls back to Default.
  const clusterFirst =
    dnsPolicy === 'ClusterFirstWithHostNet' || (dnsPolicy === 'ClusterFirst' && hostNetwork !== true);
  if (!clusterFirst) return node;
  const domain = cluster.domain;
  const namespace = pod.metadata.namespace ?? 'default';
  return {
    nameservers: [cluster.ip],
    searches: [`${namespace}.svc.${domain}`, `svc.${domain}`, domain, ...node.searches],
    options: ['ndots:5'],
  };
}

/** Options of the pod replace those of the same name. */
function mergeOptions(
  base: readonly string[],
  extra: readonly { name?: string; value?: string }[],
): string[] {
  const merged = new Map<string, string>();
  for (const option of base) {
    const [name = '', value] = option.split(':', 2);
    merged.set(name, value ?? '');
  }
  for (const { name = '', value = '' } of extra) merged.set(name, value);
  return [...merged].map(([name, value]) => (value === '' ? name : `${name}:${value}`));
}

function unique(items: readonly string[]): string[] {
  return [...new Set(items)];
}

/** The text of a pod's /etc/hosts. https://kubernetes.io/docs/tasks/network/customize-hosts-file-for-pods/ */
export function hostsFileOf(
  pod: Pod,
  options: { ip: string; hostname: string; domain: string; nodeName: string; nodeIp: string },
): string {
  const lines =
    pod.spec.hostNetwork === true
      ? ['# Kubernetes-managed hosts file (host network).', ...nodeHosts(options.nodeName, options.nodeIp)]
      : [
          '# Kubernetes-managed hosts file.',
          '127.0.0.1\tlocalhost',
          '::1\tlocalhost ip6-localhost ip6-loopback',
          'fe00::0\tip6-localnet',
          'fe00::0\tip6-mcastprefix',
          'fe00::1\tip6-allnodes',
          'fe00::2\tip6-allrouters',
          options.domain === ''
            ? `${options.ip}\t${options.hostname}`
            : `${options.ip}\t${options.hostname}.${options.domain}\t${options.hostname}`,
        ];
  const aliases = pod.spec.hostAliases ?? [];
  if (aliases.length > 0) lines.push('', '# Entries added by HostAliases.');
  for (const alias of aliases) lines.push([alias.ip, ...(alias.hostnames ?? [])].join('\t'));
  return `${lines.join('\n')}\n`;
}

/** Hostname and domain of a pod. The kernel allows 63 characters. */
export function hostNameOf(pod: Pod, clusterDomain: string): { hostname: string; domain: string } {
  const hostname = (pod.spec.hostname ?? pod.metadata.name).slice(0, 63).replace(/[-.]+$/, '');
  const { subdomain } = pod.spec;
  const namespace = pod.metadata.namespace ?? 'default';
  const domain =
    subdomain === undefined || subdomain === '' ? '' : `${subdomain}.${namespace}.svc.${clusterDomain}`;
  return { hostname, domain };
}

/** The lines of a node's own /etc/hosts. */
export function nodeHosts(name: string, ip: string): string[] {
  return [
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::0\tip6-localnet',
    'ff00::0\tip6-mcastprefix',
    'ff02::1\tip6-allnodes',
    'ff02::2\tip6-allrouters',
    `${ip}\t${name}`,
  ];
}
