import type { UserInfo } from '../types.ts';

/** Who writes, and how: what a request says beyond the object. */
export interface WriteContext {
  readonly user: UserInfo;
  /** Who owns the fields: `metadata.managedFields[].manager`. */
  readonly manager: string;
  /** From a client, and not from a part of the cluster itself. */
  readonly isRemote: boolean;
  /** Everything happens but the write. */
  readonly dryRun: boolean;
  /** Adds a `Warning` header to the answer. */
  warn(text: string): void;
}
