import type { ImageReference } from './reference.ts';

/** The names that Docker's own registry goes by in keys of `auths`. */
const DOCKER = ['docker.io', 'index.docker.io', 'registry-1.docker.io'];

/**
 * Whether a login is meant for an image. Its key names a host, with a port where the image's has one; each of its labels may
 * be a glob (`*.shop.test:5000`), and a path narrows it to repositories that begin so (`registry.shop.test:5000/team`).
 * https://kubernetes.io/docs/concepts/containers/images/#config-json
 * @param key of `auths`; an address (`https://index.docker.io/v1/`) counts as its host
 */
export function isLoginFor(key: string, { domain, repository }: ImageReference): boolean {
  const [, host = '', rest = ''] = /^(?:https?:\/\/)?([^/]*)(.*)$/.exec(key) ?? [];
  const path = rest.replace(/^\/v[12](?=\/)/, '');
  const fits = DOCKER.includes(domain) ? DOCKER.includes(host) : hostFits(host, domain);
  return fits && `/${repository}`.startsWith(path);
}

function hostFits(glob: string, host: string): boolean {
  const [globName = '', globPort] = glob.split(':');
  const [name = '', port] = host.split(':');
  const globs = globName.split('.');
  const labels = name.split('.');
  return (
    globPort === port &&
    globs.length === labels.length &&
    globs.every((one, index) => labelFits(one, labels[index] ?? ''))
  );
}

/** `*` is any text, `?` any one letter, `[a-c]` one of these. */
function labelFits(glob: string, label: string): boolean {
  const pattern = glob
    .replaceAll(/[\\^$.|+(){}]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  try {
    return new RegExp(`^${pattern}$`).test(label);
  } catch {
    // A bracket that is not closed: it fits nothing.
    return false;
  }
}
