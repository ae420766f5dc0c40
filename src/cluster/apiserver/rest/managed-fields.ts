import type { AnyObject } from '../../../model/objects.ts';
import type { ResourceInfo } from '../resource-registry.ts';
import type { WriteContext } from './write-context.ts';

/** Notes in `metadata.managedFields` who has set what. */
export function trackChange(
  _context: WriteContext,
  _info: ResourceInfo,
  _timestamp: string,
  { draft, old }: { draft: AnyObject; old?: AnyObject; subresource?: string | undefined },
): void {
  const managedFields = old?.metadata.managedFields;
  if (managedFields === undefined) delete draft.metadata.managedFields;
  else draft.metadata.managedFields = managedFields;
}
