import { describe, expect, test } from '@jest/globals';
import type { LabView } from '../../../src/checks/check.ts';
import type { Deployment } from '../../../src/model/objects.ts';
import { templateHint } from '../../../src/scenario/parts.ts';

const labWith = (deployment: unknown): LabView =>
  ({ kube: { get: () => Promise.resolve(deployment as Deployment | undefined) } }) as unknown as LabView;

const told = async (deployment: unknown): Promise<string> => {
  const { text } = templateHint(
    20,
    { namespace: 'shop', name: 'checkout' },
    ({ container, spec }) => `${container.image}, ${spec.dnsPolicy}`,
  );
  return typeof text === 'string' ? text : await text(labWith(deployment));
};

const deploymentOf = (...containers: readonly object[]) => ({
  spec: { template: { spec: { dnsPolicy: 'Default', containers } } },
});

describe('a hint about a template', () => {
  test('is made of the container that has the name of its Deployment', async () => {
    const helper = { name: 'helper', image: 'busybox:1.37' };
    const own = { name: 'checkout', image: 'shop.test/shop:1.4.2' };
    expect(await told(deploymentOf(helper, own))).toBe('shop.test/shop:1.4.2, Default');
  });

  test('says that the Deployment is gone', async () => {
    expect(await told(undefined)).toBe(
      'Right now there is no Deployment checkout in namespace shop: it has to come back first.',
    );
  });

  test('says that its container is gone', async () => {
    expect(await told(deploymentOf({ name: 'helper', image: 'busybox:1.37' }))).toBe(
      'Right now the template of deployment/checkout has no container checkout: it has to come back first.',
    );
  });
});
