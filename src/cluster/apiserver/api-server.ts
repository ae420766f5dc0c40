import type { AnyObject } from '../../model/objects.ts';
import type { Api } from '../api.ts';
import type { Simulation } from '../simulation/simulation.ts';
import { Store } from '../store/store.ts';
import { InProcessApi } from './in-process-api.ts';
import type { Identity, InProcessParts } from './in-process-api.ts';
import type { PipelineStages, StateReader } from './pipeline.ts';
import { ResourceRegistry } from './resource-registry.ts';
import type { DiscoveryDocument } from './resource-registry.ts';
import { Deleter } from './rest/deleter.ts';
import { inOrder } from './rest/metadata.ts';
import { Writer } from './rest/writer.ts';
import { ServiceAllocation } from './service-allocation.ts';
import { StoreReader } from './state-reader.ts';
import { WatchHub } from './watch-hub.ts';

export interface ApiServerOptions {
  readonly simulation: Simulation;
  readonly stages: PipelineStages | ((reader: StateReader) => PipelineStages);
  readonly discovery: readonly DiscoveryDocument[];
}

/** The API server of the embedded cluster. */
export class ApiServer {
  readonly store = new Store();
  readonly #parts: InProcessParts;

  constructor(options: ApiServerOptions) {
    const { simulation } = options;
    const { store } = this;
    const reader = new StoreReader(store);
    const stages = typeof options.stages === 'function' ? options.stages(reader) : options.stages;
    const services = new ServiceAllocation(store, simulation.random.stream('apiserver/services'));
    const writer = new Writer({ simulation, store, stages, reader, services });
    this.#parts = {
      simulation,
      store,
      reader,
      writer,
      deleter: new Deleter({ simulation, store, writer }),
      registry: new ResourceRegistry(options.discovery, new Map()),
      hub: new WatchHub(simulation, store),
    };
  }

  /** The API for a part of the cluster, under its name. Nothing is authorized: these are the cluster's own. */
  clientFor(identity: Identity): Api {
    return new InProcessApi(this.#parts, identity);
  }

  /**
   * Stores an object as it is, past all stages but with uid and creation time: the objects that a fresh cluster
   * starts with.
   */
  load(storage: string, object: AnyObject): void {
    const { simulation, store } = this.#parts;
    const uid = simulation.random.stream('apiserver/uid').uuid();
    const metadata = { ...object.metadata, uid, creationTimestamp: simulation.timestamp() };
    store.put(storage, inOrder({ ...object, metadata }));
  }
}
