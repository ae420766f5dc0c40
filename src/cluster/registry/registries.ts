import type { Listening, Network, NetworkStack } from '../network/types.ts';
import type { Image } from '../runtime/types.ts';
import type { Micros, Simulation, Timer } from '../simulation/simulation.ts';
import { MILLISECOND, SECOND } from '../simulation/simulation.ts';
import type { ImageReference } from './reference.ts';
import { registryAddress } from './addresses.ts';
import { isLoginFor } from './login-keys.ts';
import { canonicalName, parseReference } from './reference.ts';
import { answerRegistry, findImage } from './registry-http.ts';
import type { RegistrySpec } from './types.ts';

/** A login out of a pull secret. */
export interface RegistryLogin {
  /** The key of `auths`: `registry.shop.test:5000`, `*.shop.test:5000`, `https://index.docker.io/v1/`. */
  readonly registry: string;
  readonly username: string;
  readonly password: string;
}

/** What a pull has brought, or containerd's words as the kubelet shows them. */
export type PullResult =
  | {
      readonly image: Image;
      /** With registry, and tag or digest: `docker.io/library/busybox:1.37`. */
      readonly reference: string;
      /** The one that was taken; undefined where none of them was for the registry. */
      readonly login: RegistryLogin | undefined;
    }
  | { readonly error: string };

/** Whether a registry is down; `forMs`: it comes back by itself after so long. */
export type Outage = boolean | { readonly forMs: number };

/** The registries of a lab: hosts outside the cluster that nodes pull from and pods can ask. */
export interface Registries {
  /**
   * Pulls an image as the containerd of a node does. `done` is called once, after as long as that takes.
   * @param logins tried in turn where they are for the image's registry
   * @returns calls it off
   * @throws InvalidReferenceError
   */
  pull(reference: string, logins: readonly RegistryLogin[], done: (result: PullResult) => void): () => void;
  has(host: string): boolean;
  /** Names and addresses, for whatever answers DNS outside the cluster. */
  hosts(): readonly { readonly name: string; readonly ip: string; readonly port: number }[];
  /** Puts what is under a tag under another one too. @throws RangeError where there is no such registry or tag */
  tag(host: string, repository: string, from: string, to: string): void;
  /** Stops the registry (connections are refused) or starts it again. @throws RangeError where there is none */
  setOutage(host: string, outage: Outage): void;
  /** @param delayMs added to every answer */
  setDelay(host: string, delayMs: number): void;
}

/** One answer of a registry on the same network, with what containerd does before and after. */
const REQUEST: Micros = 12 * MILLISECOND;
/** Bytes fetched and unpacked in a microsecond. */
const BYTES_PER_MICROSECOND = 60;
const NO_SUCH_HOST: Micros = 20 * MILLISECOND;
const REFUSED: Micros = 2 * MILLISECOND;
/** The kernel gives a neighbour three seconds to answer; containerd gives a connection thirty. */
const NO_ROUTE: Micros = 3 * SECOND;
const DIAL_TIMEOUT: Micros = 30 * SECOND;
/** The resolver of kind's nodes. */
const NAME_SERVER = '172.18.0.1:53';
const NODE_NETWORK = '172.18.';
/** HEAD, manifest, configuration, layer. */
const PULL_REQUESTS = 4;

/** The registries of a lab, each a host on the node network under {@link registryAddress} of its place. */
export function createRegistries(options: {
  readonly simulation: Simulation;
  readonly network: Network;
  readonly specs: readonly RegistrySpec[];
}): Registries {
  const { simulation, network, specs } = options;
  const random = simulation.random.stream('registry/pulls');
  const registries = new Map(
    specs.map((spec, index) => [spec.host, new Registry(simulation, network, spec, registryAddress(index))]),
  );

  const get = (host: string): Registry => {
    const registry = registries.get(host);
    if (registry === undefined)
      throw new RangeError(`no registry ${host}; there are: ${[...registries.keys()].join(', ')}`);
    return registry;
  };

  return {
    pull: (text, logins, done) => {
      const reference = parseReference(text);
      const registry = registries.get(reference.domain);
      const outcome = registry === undefined ? unreachable(reference) : registry.resolve(reference, logins);
      const jitter = random.between(95, 105);
      const timer = simulation.after((outcome.after * jitter) / 100, `registry/${reference.domain}`, () => {
        done(outcome.result);
      });
      return () => timer.cancel();
    },
    has: (host) => registries.has(host),
    hosts: () => [...registries.values()].map(({ name, ip, port }) => ({ name, ip, port })),
    tag: (host, repository, from, to) => {
      get(host).tag(repository, from, to);
    },
    setOutage: (host, outage) => {
      get(host).setOutage(outage);
    },
    setDelay: (host, delayMs) => {
      get(host).delayMs = delayMs;
    },
  };
}

interface Outcome {
  readonly after: Micros;
  readonly result: PullResult;
}

class Registry {
  readonly name: string;
  readonly ip: string;
  readonly port: number;
  delayMs: number;
  readonly #simulation: Simulation;
  readonly #stack: NetworkStack;
  readonly #credentials: RegistrySpec['credentials'];
  readonly #repositories: Map<string, Map<string, Image>>;
  #listening: readonly Listening[] = [];
  #end: Timer | undefined;

  constructor(simulation: Simulation, network: Network, spec: RegistrySpec, ip: string) {
    const { name, port } = hostAndPort(spec.host);
    this.name = name;
    this.ip = ip;
    this.port = port;
    this.delayMs = spec.delayMs ?? 0;
    this.#simulation = simulation;
    this.#stack = network.attachHost(name, ip);
    this.#credentials = spec.credentials;
    this.#repositories = new Map(
      Object.entries(spec.repositories).map(([repository, tags]) => [
        repository,
        new Map(Object.entries(tags)),
      ]),
    );
    this.setOutage(spec.outage ?? false);
  }

  tag(repository: string, from: string, to: string): void {
    const tags = this.#repositories.get(repository);
    const image = tags?.get(from);
    if (image === undefined) throw new RangeError(`${this.name} has no ${repository}:${from}`);
    tags?.set(to, image);
  }

  setOutage(outage: Outage): void {
    this.#end?.cancel();
    for (const listening of this.#listening) listening.close();
    this.#listening = outage === false ? this.#ports().map((port) => this.#listen(port)) : [];
    if (typeof outage === 'boolean') return;
    this.#end = this.#simulation.after(outage.forMs * MILLISECOND, `registry/${this.name}/outage`, () => {
      this.setOutage(false);
    });
  }

  /** What pulling a reference comes to now. */
  resolve(reference: ImageReference, logins: readonly RegistryLogin[]): Outcome {
    const credentials = logins.filter(({ registry }) => isLoginFor(registry, reference));
    // A registry that asks for none takes any.
    const expected = this.#credentials;
    const login = credentials.find((one) => expected === undefined || isSame(one, expected));
    const request = REQUEST + this.delayMs * MILLISECOND;
    if (this.#listening.length === 0) {
      return {
        after: REFUSED,
        result: failedRequest(
          reference,
          'http',
          `dial tcp ${this.ip}:${this.port}: connect: connection refused`,
        ),
      };
    }
    if (expected !== undefined && credentials.length === 0) {
      return {
        after: request,
        result: failedResolve(
          reference,
          'pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials',
        ),
      };
    }
    if (expected !== undefined && login === undefined) {
      const words = `unexpected status from HEAD request to ${manifestUrl(reference, 'http')}: 401 Unauthorized`;
      return { after: 2 * request, result: failedResolve(reference, words) };
    }
    const image = findImage(
      this.#repositories.get(reference.repository),
      reference.digest ?? reference.tag ?? 'latest',
    );
    if (image === undefined) {
      const { error } = failedResolve(reference, `${canonicalName(reference)}: not found`);
      return { after: request, result: { error: `rpc error: code = NotFound desc = ${error}` } };
    }
    return {
      after: PULL_REQUESTS * request + image.sizeBytes / BYTES_PER_MICROSECOND,
      result: {
        image,
        reference: canonicalName(reference),
        login,
      },
    };
  }

  /** Without a port in its name the registry is where browsers and containerd look. */
  #ports(): readonly number[] {
    return this.port === 443 ? [443, 80] : [this.port];
  }

  #listen(port: number): Listening {
    return this.#stack.listen(port, {
      kind: 'http',
      handle: (request, _from, respond) => {
        const content = { repositories: this.#repositories, credentials: this.#credentials };
        this.#simulation.after(this.delayMs * MILLISECOND, `registry/${this.name}/http`, () => {
          respond(answerRegistry(content, request));
        });
      },
    });
  }
}

/** What a node hears from a registry that the lab does not have. */
function unreachable(reference: ImageReference): Outcome {
  const { name, port } = hostAndPort(serverOf(reference));
  if (name === 'localhost') {
    return {
      after: REFUSED,
      result: failedRequest(reference, 'https', `dial tcp [::1]:${port}: connect: connection refused`),
    };
  }
  if (!/^\d+\.\d+\.\d+\.\d+$/.test(name)) {
    return {
      after: NO_SUCH_HOST,
      result: failedRequest(reference, 'https', `dial tcp: lookup ${name} on ${NAME_SERVER}: no such host`),
    };
  }
  return name.startsWith(NODE_NETWORK)
    ? {
        after: NO_ROUTE,
        result: failedRequest(reference, 'https', `dial tcp ${name}:${port}: connect: no route to host`),
      }
    : {
        after: DIAL_TIMEOUT,
        result: failedRequest(reference, 'https', `dial tcp ${name}:${port}: i/o timeout`),
      };
}

/** Nodes ask the lab's registries without TLS, as their `hosts.toml` says on kind, and all others with it. */
type Scheme = 'http' | 'https';

function failedRequest(reference: ImageReference, scheme: Scheme, why: string): { readonly error: string } {
  return failedResolve(reference, `failed to do request: Head "${manifestUrl(reference, scheme)}": ${why}`);
}

function failedResolve(reference: ImageReference, why: string): { readonly error: string } {
  const name = canonicalName(reference);
  return {
    error: `failed to pull and unpack image "${name}": failed to resolve reference "${name}": ${why}`,
  };
}

function manifestUrl(reference: ImageReference, scheme: Scheme): string {
  const { repository, tag, digest } = reference;
  return `${scheme}://${serverOf(reference)}/v2/${repository}/manifests/${digest ?? tag ?? 'latest'}`;
}

function serverOf({ domain }: ImageReference): string {
  return domain === 'docker.io' ? 'registry-1.docker.io' : domain;
}

function hostAndPort(host: string): { readonly name: string; readonly port: number } {
  const match = /^(.*):(\d+)$/.exec(host);
  return { name: match?.[1] ?? host, port: Number(match?.[2] ?? 443) };
}

function isSame(login: RegistryLogin, expected: NonNullable<RegistrySpec['credentials']>): boolean {
  return login.username === expected.username && login.password === expected.password;
}
