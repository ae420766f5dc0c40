import { createEventRecorder } from '../../../../src/cluster/events/recorder.ts';
import { createNodeRouter } from '../../../../src/cluster/kubelet/node-router.ts';
import { startKubelet } from '../../../../src/cluster/kubelet/kubelet.ts';
import type { Kubelet } from '../../../../src/cluster/kubelet/kubelet.ts';
import type {
  ImageSource,
  ImageStore,
  NodeSpec,
  PulledImage,
  PullFailure,
  RegistryCredential,
  StaticPod,
  StoredImage,
} from '../../../../src/cluster/kubelet/types.ts';
import { healthAnswer, serviceOf } from '../../../../src/cluster/network/grpc-health.ts';
import { createNetwork } from '../../../../src/cluster/network/network.ts';
import type { ClusterNetwork } from '../../../../src/cluster/network/network.ts';
import type { NodeApi } from '../../../../src/cluster/node-api.ts';
import { createContainerRuntime } from '../../../../src/cluster/runtime/runtime.ts';
import type { Image, ImageFile, Program } from '../../../../src/cluster/runtime/types.ts';
import { MILLISECOND, SECOND, Simulation } from '../../../../src/cluster/simulation/simulation.ts';
import type { Container, Event, Pod, PodSpec } from '../../../../src/model/objects.ts';
import { resources } from '../../../../src/model/resources.ts';
import { FakeApi } from '../support/fake-api.ts';

/** 2026-01-01T00:00:00Z */
export const EPOCH = 1_767_225_600_000_000;
export const NODE = 'lab-worker';
const SPEC: NodeSpec = {
  name: NODE,
  role: 'worker',
  cpu: '2',
  memory: '8Gi',
  ip: '172.18.0.3',
  podCIDR: '10.244.1.0/24',
};

/** Images on the node under their short names; no reference syntax beyond what the tests use. */
class Store implements ImageStore {
  readonly #images = new Map<string, Image>();

  constructor(images: Readonly<Record<string, Image>>) {
    for (const [name, image] of Object.entries(images)) this.#images.set(fullName(name), image);
  }

  find(reference: string): StoredImage | undefined {
    const name = fullName(reference);
    const image = this.#images.get(name);
    return image && { name, id: `${name.split(':')[0] ?? ''}@${image.digest}`, image };
  }

  add(reference: string, image: Image): StoredImage {
    this.#images.set(reference, image);
    return this.find(reference) as StoredImage;
  }

  list(): { names: string[]; sizeBytes: number }[] {
    return [...this.#images].map(([name, { sizeBytes }]) => ({ names: [name], sizeBytes }));
  }
}

function fullName(name: string): string {
  return name.includes('/') ? name : `docker.io/library/${name}`;
}

export function image(files: Readonly<Record<string, Program>>, more: Partial<Image> = {}): Image {
  const programs = Object.entries(files).map(([path, program]): ImageFile => ({
    path,
    mode: 0o755,
    program,
  }));
  return {
    digest: `sha256:${'a'.repeat(64)}`,
    sizeBytes: 1234,
    config: {},
    ...more,
    files: [...programs, ...(more.files ?? [])],
  };
}

const forever: Program = (context) => new Promise((resolve) => context.onSignal('SIGTERM', () => resolve(0)));

/** What the containers of the tests run, by name of the command. */
export const programs: Record<string, Program> = {
  /** Sleeps until SIGTERM. */
  '/bin/forever': forever,
  /** Ignores SIGTERM. */
  '/bin/stubborn': () => new Promise(() => {}),
  /** `exit CODE [AFTER_MS] [TEXT]` */
  '/bin/exit': async (context) => {
    const [, code = '0', after = '0', text = ''] = context.args;
    if (text !== '') context.stdout.write(`${text}\n`);
    await context.clock.sleep(Number(after));
    return Number(code);
  },
  /** `note TEXT`: writes the termination message. */
  '/bin/note': async (context) => {
    context.files.write('/dev/termination-log', context.args[1] ?? '');
    await context.clock.sleep(500);
    return 1;
  },
  /** `eat BYTES` */
  '/bin/eat': async (context) => {
    await context.clock.sleep(1000);
    context.memory.allocate(Number(context.args[1]));
    await context.clock.sleep(1000);
    return 0;
  },
  '/bin/env': (context) => {
    for (const [name, value] of Object.entries(context.env)) context.stdout.write(`${name}=${value}\n`);
    return forever(context);
  },
  '/bin/cat': async (context) => {
    for (const path of context.args.slice(1)) context.stdout.write(context.files.readText(path));
    await context.clock.sleep(0);
    return 0;
  },
  /** `mode PATH`: its permissions in octal. */
  '/bin/mode': (context) => {
    context.stdout.write(context.files.stat(context.args[1] ?? '').mode.toString(8));
    return Promise.resolve(0);
  },
  /** `write PATH TEXT [AFTER_MS]` */
  '/bin/write': async (context) => {
    const [, path = '', text = '', after] = context.args;
    if (after !== undefined) await context.clock.sleep(Number(after));
    context.files.write(path, text);
    return 0;
  },
  '/bin/rm': (context) => {
    context.files.remove(context.args[1] ?? '');
    return Promise.resolve(0);
  },
  /** `health PORT`: gRPC health checks; the service `ill` is not serving, others than that and the server are unknown. */
  '/bin/health': (context) => {
    context.net.listenHttp(Number(context.args[1]), (request) => {
      const service = serviceOf(request) ?? '-';
      return healthAnswer(service === '' ? 'serving' : service === 'ill' ? 'not serving' : 'unknown');
    });
    return forever(context);
  },
  /** `serve PORT [STATUS] [AFTER_MS]`: HTTP; `/slow` never answers, `/moved` redirects. */
  '/bin/serve': async (context) => {
    const [, port = '80', status = '200', after = '0'] = context.args;
    await context.clock.sleep(Number(after));
    context.net.listenHttp(Number(port), ({ path }) => {
      if (path === '/slow') return new Promise(() => {});
      if (path === '/moved') return { status: 302, headers: { location: 'http://elsewhere/' }, body: 'gone' };
      return { status: Number(status), headers: {}, body: 'hello' };
    });
    return forever(context);
  },
};

/** One node with its kubelet, a real network and a real runtime, and an API without admission. */
export class Lab {
  readonly simulation = new Simulation({ seed: 'kubelet', epoch: EPOCH });
  readonly api = new FakeApi(this.simulation);
  readonly network: ClusterNetwork;
  readonly store: Store;
  readonly kubelet: Kubelet;
  readonly router: NodeApi;
  /** What a pull brings; a text is a failure. */
  readonly registry = new Map<string, Image | string>();
  pullMillis = 300;
  /** Credentials of every pull. */
  readonly pulls: { reference: string; credentials: readonly RegistryCredential[] }[] = [];
  tokens = 0;

  constructor(
    options: {
      staticPods?: readonly StaticPod[];
      readManifest?: (text: string) => StaticPod | undefined;
      systemFiles?: Readonly<Record<string, string>>;
      configuration?: () => object;
    } = {},
  ) {
    const { simulation, api } = this;
    this.network = createNetwork({
      simulation,
      api,
      nodes: [SPEC],
      serviceCidr: '10.96.0.0/16',
    });
    this.store = new Store({ 'app:1': image(programs) });
    this.kubelet = startKubelet({
      simulation,
      api,
      events: createEventRecorder({ api, simulation, component: 'kubelet', host: NODE }),
      node: SPEC,
      network: this.network,
      runtime: createContainerRuntime({
        simulation,
        node: NODE,
        cores: 2,
        memory: 8 * 1024 ** 3,
        createLookup: () => (name) => Promise.reject(new Error(name)),
      }),
      images: this.store,
      registries: { pull: this.#pull.bind(this) },
      parseReference: (name) =>
        /[A-Z ]/.test(name) ? { error: 'invalid reference format' } : { full: fullName(name) },
      tokens: ({ serviceAccount, audience }) => `token-${++this.tokens}-${serviceAccount}-${audience ?? ''}`,
      clusterDns: { ip: '10.96.0.10', domain: 'cluster.local' },
      resolvConf: { nameservers: ['172.18.0.1'], searches: [], options: ['ndots:0'] },
      ...options,
    });
    this.router = createNodeRouter(api, [this.kubelet]);
  }

  readonly #pull: ImageSource['pull'] = (reference, credentials, done) => {
    this.pulls.push({ reference, credentials });
    const found = this.registry.get(reference) ?? `${reference}: not found`;
    const result: PulledImage | PullFailure =
      typeof found === 'string' ? { error: found } : { reference, image: found, login: credentials[0] };
    const timer = this.simulation.after(this.pullMillis * MILLISECOND, 'registry', () => done(result));
    return () => timer.cancel();
  };

  async seconds(count: number): Promise<void> {
    await this.simulation.advanceTo(this.simulation.now + Math.round(count * SECOND));
  }

  /** Creates a pod that is bound already. */
  create(name: string, spec: Partial<PodSpec>, metadata: Partial<Pod['metadata']> = {}): void {
    this.api.create(resources.pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'shop', ...metadata },
      spec: {
        containers: [],
        restartPolicy: 'Always',
        terminationGracePeriodSeconds: 30,
        dnsPolicy: 'ClusterFirst',
        schedulerName: 'default-scheduler',
        securityContext: {},
        nodeName: NODE,
        ...spec,
      },
    });
  }

  pod(name: string): Pod {
    const pod = this.api.get(resources.pods, 'shop', name);
    if (pod === undefined) throw new Error(`no pod ${name}`);
    return pod;
  }

  exists(name: string): boolean {
    return this.api.get(resources.pods, 'shop', name) !== undefined;
  }

  condition(name: string, type: string): string {
    const found = this.pod(name).status.conditions?.find((condition) => condition.type === type);
    const detail = [found?.reason, found?.message].filter((text) => text !== undefined).join(': ');
    return `${found?.status ?? 'absent'}${detail === '' ? '' : ` ${detail}`}`;
  }

  /** The first container's status. */
  status(name: string): NonNullable<Pod['status']['containerStatuses']>[number] {
    const [status] = this.pod(name).status.containerStatuses ?? [];
    if (status === undefined) throw new Error(`no container status in ${name}`);
    return status;
  }

  /** `Normal Pulled c: … x2` of a pod, in order of first occurrence. */
  events(name: string): string[] {
    return this.#events(name).map(({ type, reason, message, count = 1, involvedObject: { fieldPath } }) => {
      const container = fieldPath === undefined ? '' : ` ${/\{(.*)\}/.exec(fieldPath)?.[1] ?? ''}`;
      return `${type} ${reason}${container}: ${message}${count > 1 ? ` x${count}` : ''}`;
    });
  }

  /** In the order in which they were written first: several may share an instant. */
  #events(name: string): readonly Event[] {
    const order = this.api.writes.filter((write) => write.startsWith('create events '));
    const place = ({ metadata }: Event): number => order.indexOf(`create events ${metadata.name}`);
    return this.api
      .list(resources.events)
      .filter(({ involvedObject }) => involvedObject.name === name)
      .sort((a, b) => place(a) - place(b));
  }

  /** Runs a command in the first container and returns what it wrote. */
  async exec(name: string, command: readonly string[]): Promise<string> {
    let output = '';
    const collect = (bytes: Uint8Array): void => {
      output += new TextDecoder().decode(bytes);
    };
    this.router.exec(
      { namespace: 'shop', name },
      { command, stdin: false, tty: false },
      {
        stdout: collect,
        stderr: collect,
        exit: (result) => {
          if (!('code' in result) || result.code !== 0) output += JSON.stringify(result);
        },
      },
    );
    await this.seconds(0.5);
    return output;
  }

  /** Everything that `kubectl logs` would print. */
  logs(name: string, options: Parameters<NodeApi['logs']>[1] = {}): string {
    let text = '';
    this.router.logs({ namespace: 'shop', name }, options, {
      write: (bytes) => (text += new TextDecoder().decode(bytes)),
      end: () => {},
    });
    return text;
  }
}

export function container(command: readonly string[], more: Partial<Container> = {}): Container {
  return {
    name: 'c',
    image: 'app:1',
    imagePullPolicy: 'IfNotPresent',
    command: [...command],
    resources: {},
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    ...more,
  };
}
