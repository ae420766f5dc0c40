import type { RegistryAccess, RegistryPlan } from '../provider.ts';
import { commandFailed, run, tryRun } from './commands.ts';
import { buildShopImage } from './shop-images.ts';

const IMAGE = 'registry:3';
const PORT = 5000;

/**
 * Starts a real registry as a container on the network of the nodes and pushes the releases into it.
 * @param container its name, planned before
 */
export async function startRegistry(
  container: string,
  plan: RegistryPlan,
  signal: AbortSignal,
): Promise<void> {
  // testcontainers' cleaner container is not needed: the lab owns its containers by name.
  process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
  const { GenericContainer, Wait } = await import('testcontainers');
  await new GenericContainer(IMAGE)
    .withName(container)
    .withNetworkMode('kind')
    .withExposedPorts(PORT)
    .withWaitStrategy(Wait.forHttp('/v2/', PORT))
    .start();
  const port = await publishedPort(container);
  for (const [repository, tags] of Object.entries(plan.repositories)) {
    for (const [tag, release] of Object.entries(tags)) {
      const local = `${plan.host}/${repository}:${tag}`;
      const pushed = `localhost:${port}/${repository}:${tag}`;
      await buildShopImage(local, release, signal);
      await run('docker', ['tag', local, pushed], { signal });
      await run('docker', ['push', '--quiet', pushed], { signal });
      await run('docker', ['rmi', '--no-prune', pushed], { signal });
    }
  }
}

/** Has a node's containerd ask the container whenever an image of `host` is wanted. */
export async function useRegistry(
  node: string,
  host: string,
  container: string,
  signal: AbortSignal,
): Promise<void> {
  const folder = `/etc/containerd/certs.d/${host}`;
  const toml = `server = "http://${container}:${PORT}"\n[host."http://${container}:${PORT}"]\n  capabilities = ["pull", "resolve"]\n`;
  await run('docker', ['exec', '-i', node, 'sh', '-c', `mkdir -p ${folder} && cat > ${folder}/hosts.toml`], {
    input: toml,
    signal,
  });
}

export async function registryAccess(container: string): Promise<RegistryAccess> {
  const address = await run('docker', [
    'inspect',
    '--format',
    '{{.NetworkSettings.Networks.kind.IPAddress}}',
    container,
  ]);
  const port = await publishedPort(container);
  return {
    address: address.trim(),
    port: PORT,
    digest: async (repository, tag) => {
      const accept = [
        'application/vnd.oci.image.index.v1+json',
        'application/vnd.oci.image.manifest.v1+json',
        'application/vnd.docker.distribution.manifest.list.v2+json',
        'application/vnd.docker.distribution.manifest.v2+json',
      ].join(', ');
      const url = `http://127.0.0.1:${port}/v2/${repository}/manifests/${tag}`;
      const response = await fetch(url, { method: 'HEAD', headers: { accept } });
      const digest = response.headers.get('docker-content-digest');
      if (digest === null) throw new Error(`the registry has no ${repository}:${tag} (${response.status})`);
      return digest;
    },
  };
}

/** The port on the loopback of this machine. */
async function publishedPort(container: string): Promise<string> {
  const format = `{{(index (index .NetworkSettings.Ports "${PORT}/tcp") 0).HostPort}}`;
  return (await run('docker', ['inspect', '--format', format, container])).trim();
}

export async function removeContainer(container: string): Promise<void> {
  const { code, stderr } = await tryRun('docker', ['rm', '--force', '--volumes', container]);
  if (code !== 0 && !stderr.includes('No such container'))
    throw commandFailed(`docker rm ${container}`, stderr);
}
