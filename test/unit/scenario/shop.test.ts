import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { packageRoot } from '../../../src/core/package-root.ts';
import type { Manifest } from '../../../src/kube/client.ts';
import { readManifests, shop, SHOP_IMAGE, type ShopOverlay } from '../../../src/scenario/shop.ts';

interface Container {
  readonly image: string;
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly resources: {
    readonly limits?: Record<string, string>;
    readonly requests?: Record<string, string>;
  };
}
interface Spec {
  readonly replicas: number;
  readonly strategy?: { readonly type: string };
  readonly template: { readonly spec: { readonly containers: readonly [Container] } };
}

function object(overlay: ShopOverlay, kind: string, name: string): Manifest {
  const found = shop(overlay).manifests.find((one) => one.kind === kind && one.metadata.name === name);
  if (found === undefined) throw new Error(`no ${kind} ${name}`);
  return found;
}
const spec = (overlay: ShopOverlay, name: string): Spec =>
  object(overlay, 'Deployment', name)['spec'] as Spec;
const container = (overlay: ShopOverlay, name: string): Container =>
  spec(overlay, name).template.spec.containers[0];

describe('the shop', () => {
  test('a workload that it does not have is no slip to be passed over', () => {
    const slip = () => shop({ strategy: { chekout: 'Recreate' } });
    expect(slip).toThrow('strategy: the shop has no workload "chekout"; it has checkout,');
  });

  test('is that of manifests/shop: the build has read it after its last change', () => {
    const folder = join(packageRoot, 'manifests/shop');
    const documents = readdirSync(folder)
      .sort()
      .flatMap((name) => parseAllDocuments(readFileSync(join(folder, name), 'utf8'), { version: '1.1' }));
    expect(readManifests()).toEqual(documents.map((document) => document.toJS() as unknown));
  });

  test('begins with its namespace and what pods read', () => {
    const kinds = shop().manifests.map(({ kind }) => kind);
    expect(kinds[0]).toBe('Namespace');
    expect(kinds.indexOf('ConfigMap')).toBeLessThan(kinds.indexOf('Deployment'));
  });

  test('all its workloads must be whole, and run the release', () => {
    const { workloads, images } = shop();
    expect(workloads).toContain('deployment/checkout');
    expect(workloads).toContain('deployment/gateway');
    expect(images).toEqual([SHOP_IMAGE]);
    expect(container({}, 'checkout').image).toBe(SHOP_IMAGE);
  });

  test('an overlay changes what it names and nothing else', () => {
    const overlay: ShopOverlay = {
      images: { checkout: 'registry.test/shop:2' },
      strategy: { checkout: 'Recreate' },
      replicas: { checkout: 5 },
      memoryLimit: { checkout: '99Mi' },
      env: { checkout: { ROLE: 'other', NEW: 'x' } },
    };
    const changed = spec(overlay, 'checkout');
    expect(changed).toMatchObject({ replicas: 5, strategy: { type: 'Recreate' } });
    const { image, resources, env } = container(overlay, 'checkout');
    expect(image).toBe('registry.test/shop:2');
    expect(resources.limits?.['memory']).toBe('99Mi');
    expect(resources.requests).toEqual(container({}, 'checkout').resources.requests);
    expect(env?.filter(({ name }) => name === 'ROLE')).toEqual([{ name: 'ROLE', value: 'other' }]);
    expect(env).toContainEqual({ name: 'NEW', value: 'x' });
    expect(spec(overlay, 'refunds')).toEqual(spec({}, 'refunds'));
  });

  test('an overlay leaves no trace in the next shop', () => {
    const before = JSON.stringify(shop());
    shop({ replicas: { checkout: 9 }, settings: { A: 'b' }, env: { gateway: { X: 'y' } } });
    expect(JSON.stringify(shop())).toBe(before);
  });

  test('settings replace values and keep the others', () => {
    const before = object({}, 'ConfigMap', 'shop-settings')['data'] as Record<string, string>;
    const [key = ''] = Object.keys(before);
    expect(object({ settings: { [key]: 'changed' } }, 'ConfigMap', 'shop-settings')['data']).toEqual({
      ...before,
      [key]: 'changed',
    });
  });

  test('extra objects, workloads, images and registries are added', () => {
    const extra: Manifest = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'extra' } };
    const registries = [{ host: 'registry.test:5000', repositories: {} }];
    const plan = shop({
      extra: [extra],
      extraWorkloads: ['deployment/x@extra'],
      loaded: ['x:1'],
      registries,
    });
    expect(plan.manifests.at(-1)).toEqual(extra);
    expect(plan.workloads.at(-1)).toBe('deployment/x@extra');
    expect(plan.images).toEqual([SHOP_IMAGE, 'x:1']);
    expect(plan.registries).toEqual(registries);
  });
});
