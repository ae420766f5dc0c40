import type { Random } from '../../core/random.ts';
import type { Node, Pod } from '../../model/objects.ts';
import type { FileTree } from '../runtime/container-types.ts';
import type { BackOff } from '../back-off.ts';
import type { ImageManager } from './image-manager.ts';
import type { Prober } from './probes/prober.ts';
import type { KubeletDeps } from './types.ts';

/** What the workers of all pods of a node share. */
export interface NodeContext {
  readonly deps: KubeletDeps;
  readonly images: ImageManager;
  readonly restarts: BackOff;
  readonly prober: Prober;
  readonly nodeFiles: FileTree;
  readonly random: Random;
  /** `kubelet/<node>`: owner of events, and the name of the random stream. */
  readonly owner: string;
  node(): Node;
  /** The pods that hold resources here, without the one of this uid. */
  otherPods(uid: string): readonly Pod[];
  /** The runtime has something new about a pod: it is synced at the next look (once a second). */
  relist(uid: string): void;
  /** A pod has given its resources back. */
  freed(): void;
  /** The worker is done with a pod that is gone from the API too. */
  finished(uid: string): void;
}
