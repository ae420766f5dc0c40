import type { AnyObject } from '../../../model/objects.ts';
import { apiVersionOf, type Resource } from '../../../model/resources.ts';
import { StatusError } from '../../api.ts';
import type { View } from '../resource-registry.ts';
import type { Conversions } from './conversions.ts';
import type { CustomVersion } from './custom-version.ts';
import type { CustomResourceDefinition } from './definition.ts';

/** One version of a definition, beside the others. */
interface Version {
  readonly of: Resource;
  readonly custom: CustomVersion;
  /** The version in which objects are stored now. */
  readonly storage: Resource;
  /** The `apiVersion` of every version that clients see. */
  readonly shown: readonly string[];
}

/** Custom objects in one version, whatever version they are stored in. */
export function customView(
  conversions: Conversions,
  { spec: { conversion } }: CustomResourceDefinition,
  { of, custom, storage, shown }: Version,
): View {
  const own = apiVersionOf(of);
  const stored = apiVersionOf(storage);
  if (conversion?.strategy !== 'Webhook' || conversion.webhook === undefined) {
    const toStored = (object: AnyObject): AnyObject =>
      object.apiVersion === stored ? object : { ...object, apiVersion: stored };
    return { storage: of.id, toStored, fromStored: (object) => custom.show(object), renew: toStored };
  }
  const { webhook } = conversion;
  const convert = (object: AnyObject, apiVersion: string): AnyObject =>
    object.apiVersion === apiVersion ? object : conversions.convert(webhook, object, apiVersion);
  return {
    storage: of.id,
    toStored: (object) => convert(object, stored),
    fromStored: (object) => custom.show(convert(object, own)),
    renew: (object) => (conversions.canAsk ? convert(object, stored) : object),
    prepare: (object) => {
      if (!conversions.canAsk) return;
      for (const apiVersion of shown) prepared(() => convert(object, apiVersion));
    },
  };
}

/** Whoever asks for a version that cannot be made is told so then. */
function prepared(make: () => void): void {
  try {
    make();
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
  }
}
