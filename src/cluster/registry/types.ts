import type { Image } from '../runtime/types.ts';

/** A registry that the lab runs outside the cluster, on the node network. */
export interface RegistrySpec {
  /** Host (and port) as written in image references: `registry.shop.test:5000`. */
  readonly host: string;
  /** Repository → tag → image. Answers /v2/<repository>/tags/list as distribution does. */
  readonly repositories: Readonly<Record<string, Readonly<Record<string, Image>>>>;
  /** Basic credentials that pulls need. */
  readonly credentials?: { readonly username: string; readonly password: string };
  readonly outage?: boolean;
  /** Milliseconds added to every answer. */
  readonly delayMs?: number;
}

/** The images that every node has from the start (`kind load`): full references, e.g. `docker.io/library/busybox:1.37`. */
export type LoadedImages = Readonly<Record<string, Image>>;
