import type { Clock } from '../../core/clock.ts';
import type { InputRecord } from '../../cluster/host/inputs.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Cluster, ClusterRef } from '../provider.ts';
import { hostedCluster } from './hosted-cluster.ts';
import { type Instance, startInstance } from './instance.ts';
import { backdate, handOverAt } from './set-up.ts';
import {
  type Credentials,
  EMBEDDED_FACTS,
  EMBEDDED_VERSION,
  type EmbeddedHeader,
  kubeconfigFor,
} from './spec.ts';

export interface LocalOptions {
  readonly ref: ClusterRef;
  readonly header: EmbeddedHeader;
  readonly credentials: Credentials;
  /** Inputs to replay, and how far to go after the last, in microseconds since 1970. */
  readonly records?: readonly InputRecord[];
  readonly until?: number;
}

/**
 * An embedded cluster inside this process, with time that moves by hand: forks for grading, and the clusters of
 * `verify`. Also reached through HTTPS like any other; gone when it is disposed.
 */
export class LocalCluster implements Cluster {
  readonly ref: ClusterRef;
  readonly kubeconfig: string;
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly facts = EMBEDDED_FACTS;
  readonly version = EMBEDDED_VERSION;
  readonly can: Cluster['can'];
  readonly #instance: Instance;
  readonly #hosted: Cluster;
  readonly #records: InputRecord[];
  readonly #options: LocalOptions;

  private constructor(options: LocalOptions, instance: Instance, hosted: Cluster, records: InputRecord[]) {
    this.#options = options;
    this.#instance = instance;
    this.#hosted = hosted;
    this.#records = records;
    this.ref = hosted.ref;
    this.kube = hosted.kube;
    this.kubeconfig = hosted.kubeconfig;
    this.clock = hosted.clock;
    this.can = {
      ...hosted.can,
      fork: () => this.#fork(),
      backdate: (since) =>
        backdate(options.header, instance.host.now, since, (at) => instance.host.advanceTo(at)),
      goLive: () => instance.host.advanceTo(handOverAt(options.header)),
    };
  }

  static async start(options: LocalOptions): Promise<LocalCluster> {
    const records = [...(options.records ?? [])];
    const instance = await startInstance({
      header: options.header,
      credentials: options.credentials,
      records: options.records ?? [],
      record: (record) => records.push(record),
    });
    // Nobody waits for requests from outside: work that waits for nothing else is known to be stuck.
    instance.listener.unref();
    if (options.until !== undefined) await instance.host.advanceTo(options.until);
    const { ref, header } = options;
    const kubeconfig = kubeconfigFor(ref.lab, options.credentials, instance.listener.port);
    const hosted = hostedCluster(instance.host, { ref, header, kubeconfig });
    return new LocalCluster(options, instance, hosted, records);
  }

  /** A fingerprint of every event so far; the same log gives the same. */
  get digest(): string {
    return this.#instance.cluster.simulation.digest;
  }

  async #fork(): Promise<Cluster> {
    const until = await this.#instance.host.sync();
    return LocalCluster.start({ ...this.#options, records: [...this.#records], until });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#hosted[Symbol.asyncDispose]();
    await this.#instance[Symbol.asyncDispose]();
  }
}
