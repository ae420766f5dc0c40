import { wallClock } from '../../core/clock.ts';
import { BreakfixError } from '../../core/errors.ts';
import type { RegistryAccess, RegistryPlan } from '../provider.ts';
import { commandFailed, run, tryRun } from './commands.ts';
import { buildShopImage } from './shop-images.ts';

const IMAGE = 'registry:3';
const PORT = 5000;

/** Everything needed to find a registry again. */
export interface RegistryRef {
  readonly host: string;
  readonly container: string;
  readonly credentials?: RegistryPlan['credentials'];
}

/**
 * What the container runs: the registry, again whenever it has ended, but not before the second in `down-until`; with
 * a password once there is one. A container that is stopped would lose its address, and nobody would refuse.
 */
const KEEP_SERVING = `
while :; do
  if [ "$(date +%s)" -lt "$(cat /tmp/down-until 2>/dev/null || echo 0)" ]; then sleep 1; continue; fi
  if [ -e /tmp/htpasswd ]; then
    export REGISTRY_AUTH=htpasswd REGISTRY_AUTH_HTPASSWD_REALM=Registry REGISTRY_AUTH_HTPASSWD_PATH=/tmp/htpasswd
  fi
  registry serve /etc/distribution/config.yml &
  echo $! > /tmp/pid
  wait $!
done
`;

/** Where the registry keeps which tags and manifests it has, and how it was at the start. */
const REPOSITORIES = '/var/lib/registry/docker/registry/v2/repositories';
const AT_START = '/tmp/repositories';

/** Seconds since 1970 that nobody lives to see. */
const NEVER = 9_999_999_999;

/**
 * Starts a real registry as a container on the network of the nodes, pushes the releases into it, and closes it with
 * its password.
 * @param ref planned before
 * @param node a node of the cluster, which can hash a password as the registry needs it
 */
export async function startRegistry(
  ref: RegistryRef,
  plan: RegistryPlan,
  node: string,
  signal: AbortSignal,
): Promise<void> {
  // testcontainers' cleaner container is not needed: the lab owns its containers by name.
  process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
  const { GenericContainer, Wait } = await import('testcontainers');
  /** Published on the loopback of this machine, and nowhere else. */
  class Registry extends GenericContainer {
    protected override beforeContainerCreated(): Promise<void> {
      this.hostConfig.PortBindings = { [`${PORT}/tcp`]: [{ HostIp: '127.0.0.1', HostPort: '0' }] };
      return Promise.resolve();
    }
  }
  await new Registry(IMAGE)
    .withName(ref.container)
    .withNetworkMode('kind')
    .withEntrypoint(['sh', '-c', KEEP_SERVING])
    .withExposedPorts(PORT)
    // Not over HTTP: within a container testcontainers asks at the engine's gateway, where nothing is published.
    .withWaitStrategy(Wait.forLogMessage(/listening on/))
    .start();
  const port = await publishedPort(ref.container);
  await untilStatus(port, (status) => status === 200);
  for (const [repository, tags] of Object.entries(plan.repositories)) {
    for (const [tag, release] of Object.entries(tags)) {
      const local = `${plan.mirrorOf ?? plan.host}/${repository}:${tag}`;
      const pushed = `localhost:${port}/${repository}:${tag}`;
      await buildShopImage(local, release, signal);
      await run('docker', ['tag', local, pushed], { signal });
      try {
        await run('docker', ['push', '--quiet', pushed], { signal });
      } finally {
        // Not the user's: also where it is interrupted.
        await run('docker', ['rmi', '--no-prune', pushed]);
      }
    }
  }
  await inContainer(ref.container, `mkdir -p ${REPOSITORIES} && cp -a ${REPOSITORIES} ${AT_START}`);
  if (plan.credentials === undefined) return;
  const { username, password } = plan.credentials;
  const line = `${username}:${await bcrypt(password, node, signal)}\n`;
  await inContainer(ref.container, 'cat > /tmp/htpasswd && kill $(cat /tmp/pid)', line);
  await untilStatus(port, (status) => status === 401);
}

/**
 * A registry takes passwords by their bcrypt hash only, which the node image's Perl can make. The salt may be known:
 * so is the password of a lab.
 */
async function bcrypt(password: string, node: string, signal: AbortSignal): Promise<string> {
  const program = 'chomp(my $password = <STDIN>); print crypt($password, q($2y$05$Zq3vT8mK1rXw5bN7cJ2hLe));';
  const hash = await run('docker', ['exec', '-i', node, 'perl', '-e', program], { input: password, signal });
  if (hash.startsWith('$2y$')) return hash;
  throw new Error(`the node image cannot make a bcrypt hash: it gave ${JSON.stringify(hash)}`);
}

/** Has a node's containerd ask the container whenever an image of `host` is wanted, under the host's own name. */
export async function useRegistry(node: string, { host, container }: RegistryRef): Promise<void> {
  const [name = host] = host.split(':');
  const folder = `/etc/containerd/certs.d/${host}`;
  const server = `http://${name}:${PORT}`;
  const toml = `server = "${server}"\n[host."${server}"]\n  capabilities = ["pull", "resolve"]\n`;
  const entry = `${await addressOf(container)} ${name}`;
  await inContainer(
    node,
    `mkdir -p ${folder} && cat > ${folder}/hosts.toml && echo '${entry}' >> /etc/hosts`,
    toml,
  );
}

/** Undoes {@link useRegistry}. */
export async function forgetRegistry(node: string, { host }: RegistryRef): Promise<void> {
  const [name = host] = host.split(':');
  // The file is mounted: it can be written, and not replaced.
  const hosts = `grep -v ' ${name}$' /etc/hosts > /tmp/hosts; cat /tmp/hosts > /etc/hosts; rm /tmp/hosts`;
  await inContainer(node, `rm -rf /etc/containerd/certs.d/${host}; ${hosts}`);
}

interface ManifestRequest {
  readonly method?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

const MANIFESTS = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

export async function registryAccess({ container, credentials }: RegistryRef): Promise<RegistryAccess> {
  const port = await publishedPort(container);
  const authorization =
    credentials === undefined
      ? {}
      : { authorization: `Basic ${btoa(`${credentials.username}:${credentials.password}`)}` };
  const ask = async (repository: string, tag: string, init: ManifestRequest): Promise<Response> => {
    const url = `http://127.0.0.1:${port}/v2/${repository}/manifests/${tag}`;
    const response = await fetch(url, { ...init, headers: { ...authorization, ...init.headers } });
    if (!response.ok) throw new Error(`the registry has no ${repository}:${tag} (${response.status})`);
    return response;
  };
  return {
    address: await addressOf(container),
    port: PORT,
    digest: async (repository, tag) => {
      const response = await ask(repository, tag, { method: 'HEAD', headers: { accept: MANIFESTS } });
      return response.headers.get('docker-content-digest') ?? '';
    },
    tag: async (repository, from, to) => {
      const manifest = await ask(repository, from, { headers: { accept: MANIFESTS } });
      const type = manifest.headers.get('content-type') ?? '';
      const body = await manifest.text();
      await ask(repository, to, { method: 'PUT', headers: { 'content-type': type }, body });
    },
    setOutage: async (outage) => {
      if (outage === false) {
        await inContainer(container, 'rm -f /tmp/down-until');
        await untilStatus(port, (status) => status !== undefined);
        return;
      }
      const until = outage === true ? NEVER : Math.ceil((wallClock.now().getTime() + outage.forMs) / 1000);
      await inContainer(
        container,
        `echo ${until} > /tmp/down-until; kill $(cat /tmp/pid) 2> /dev/null || true`,
      );
      await untilStatus(port, (status) => status === undefined);
    },
  };
}

/** A registry answers, and has what it had at the start: what was pushed since is gone. */
export async function restoreRegistry(ref: RegistryRef): Promise<void> {
  await inContainer(
    ref.container,
    `test -e ${AT_START} && rm -rf ${REPOSITORIES} && cp -a ${AT_START} ${REPOSITORIES}`,
  );
  await (await registryAccess(ref)).setOutage(false);
}

/** How long a registry may take to come or to go, in milliseconds. */
const CHANGED_WITHIN = 30_000;

/** Waits until the registry answers as it should; `undefined` is no answer. */
async function untilStatus(port: string, wanted: (status: number | undefined) => boolean): Promise<void> {
  const end = wallClock.now().getTime() + CHANGED_WITHIN;
  for (;;) {
    const status = await fetch(`http://127.0.0.1:${port}/v2/`).then(
      (response) => response.status,
      () => undefined,
    );
    if (wanted(status)) return;
    if (wallClock.now().getTime() > end) {
      throw new BreakfixError({
        code: 'REGISTRY_NOT_READY',
        kind: 'environment',
        message: `the lab's registry still answers ${status ?? 'nothing'} after ${CHANGED_WITHIN / 1000} s`,
        fix: 'start the lab again; breakfix doctor looks at what provider kind needs',
      });
    }
    await wallClock.wait(100);
  }
}

function inContainer(container: string, script: string, input = ''): Promise<string> {
  return run('docker', ['exec', '-i', container, 'sh', '-c', script], { input });
}

async function addressOf(container: string): Promise<string> {
  const format = '{{.NetworkSettings.Networks.kind.IPAddress}}';
  return (await run('docker', ['inspect', '--format', format, container])).trim();
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
