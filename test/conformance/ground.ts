import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeClient, Manifest } from '../../src/kube/client.ts';
import { KubeError } from '../../src/kube/client.ts';
import type { Event, Pod } from '../../src/model/objects.ts';
import { resources } from '../../src/model/resources.ts';
import type { Cluster, ClusterProvider } from '../../src/providers/provider.ts';

/** The image that every cluster has. */
export const BUSYBOX = 'busybox:1.37';

/** How long a cluster may take to get somewhere, in milliseconds of its own clock. */
const PATIENCE = 300_000;

/** A cluster under test. Every test works in a namespace of its own, {@link Ground.namespace}. */
export class Ground implements AsyncDisposable {
  readonly cluster: Cluster;
  readonly #destroy: () => Promise<void>;
  #namespaces = 0;

  private constructor(cluster: Cluster, destroy: () => Promise<void>) {
    this.cluster = cluster;
    this.#destroy = destroy;
  }

  /** Makes a cluster of a control plane and a worker. */
  static async make(provider: ClusterProvider, lab: string): Promise<Ground> {
    const root = mkdtempSync(join(tmpdir(), 'breakfix-conformance-'));
    const folder = join(root, 'labs', lab);
    mkdirSync(folder, { recursive: true });
    const spec = {
      lab,
      folder,
      seed: 'conformance',
      nodes: [{ role: 'control-plane' }, { role: 'worker' }],
      images: [],
      registries: [],
      since: 0,
    } as const;
    const ref = provider.plan(spec);
    const destroy = async (): Promise<void> => {
      await provider.destroy(ref);
      rmSync(root, { recursive: true });
    };
    try {
      const { signal } = new AbortController();
      return new Ground(await provider.create(ref, spec, { signal }), destroy);
    } catch (error) {
      await destroy();
      throw error;
    }
  }

  get kube(): KubeClient {
    return this.cluster.kube;
  }

  get namespace(): string {
    return `conformance-${this.#namespaces}`;
  }

  /** A new namespace, ready for pods. */
  async newNamespace(): Promise<void> {
    this.#namespaces++;
    await this.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: this.namespace } });
    await this.until('the default service account', () =>
      this.kube.get(resources.serviceAccounts, this.namespace, 'default'),
    );
  }

  /** Applies objects into the namespace of this test. */
  async apply(...objects: readonly Manifest[]): Promise<void> {
    const { namespace } = this;
    const placed = objects.map((object) => ({
      ...object,
      metadata: { ...(object.kind === 'Namespace' ? {} : { namespace }), ...object.metadata },
    }));
    await this.kube.applyAll(placed, { manager: 'conformance' });
  }

  /** Looks each second until something is there. @throws Error with `what` when it does not come */
  async until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
    const end = this.cluster.clock.now().getTime() + PATIENCE;
    for (;;) {
      const seen = await look();
      if (seen !== undefined) return seen;
      if (this.cluster.clock.now().getTime() >= end) throw new Error(`${what} did not come`);
      await this.cluster.clock.wait(1000);
    }
  }

  /** Lets the cluster's time pass until something that is not a request of its client has come. */
  async meanwhile<T>(work: Promise<T>): Promise<T> {
    let settled = false;
    const done = work.finally(() => {
      settled = true;
    });
    while (!settled) await Promise.race([done, this.cluster.clock.wait(50)]);
    return done;
  }

  /** The first pod with these labels for which `is` holds. */
  pod(labelSelector: string, what: string, is: (pod: Pod) => boolean): Promise<Pod> {
    return this.until(`a pod ${labelSelector} that ${what}`, async () =>
      (await this.kube.list(resources.pods, { namespace: this.namespace, labelSelector })).find(is),
    );
  }

  /** An event with this reason and text about an object of this test. */
  event(reason: string, text: RegExp): Promise<Event> {
    return this.until(`an event ${reason} like ${String(text)}`, async () =>
      (await this.kube.list(resources.events, { namespace: this.namespace })).find(
        (event) => event.reason === reason && text.test(event.message),
      ),
    );
  }

  /** Runs a shell command in a pod. */
  async sh(pod: string, script: string): Promise<{ code: number; stdout: string; stderr: string }> {
    return this.kube.exec(this.namespace, pod, { command: ['sh', '-c', script], timeoutMs: 60_000 });
  }

  /** What the API server says to a request that it must refuse. */
  async refusal(request: () => Promise<unknown>): Promise<{ code: number; reason: string; message: string }> {
    try {
      await request();
    } catch (error) {
      if (error instanceof KubeError)
        return { code: error.code, reason: error.reason, message: error.message };
      throw error;
    }
    throw new Error('the request was not refused');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster[Symbol.asyncDispose]();
    await this.#destroy();
  }
}

/** A pod of busybox that runs a script; its label `app` is its name. */
export function shellPod(name: string, script: string, more: object = {}, container: object = {}): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: name } },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'main', image: BUSYBOX, command: ['sh', '-c', script], ...container }],
      ...more,
    },
  };
}

/** A Deployment of pods that answer HTTP on 8080 with their name, and its Service on port 80. */
export function webServer(name: string, replicas: number, container: object = {}): readonly Manifest[] {
  const labels = { app: name };
  const script = 'mkdir /www && hostname > /www/index.html && exec httpd -f -p 8080 -h /www';
  const main = {
    name: 'web',
    image: BUSYBOX,
    command: ['sh', '-c', script],
    ports: [{ name: 'http', containerPort: 8080 }],
    readinessProbe: { httpGet: { path: '/', port: 'http' }, periodSeconds: 1 },
    ...container,
  };
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name },
      spec: {
        replicas,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 1, containers: [main] } },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name },
      spec: { selector: labels, ports: [{ port: 80, targetPort: 'http' }] },
    },
  ];
}
