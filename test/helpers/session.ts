import { applyShop, type InProcessLab, MINUTE } from './in-process.ts';

export const DEPLOYMENTS = '/apis/apps/v1/namespaces/shop/deployments';
export const PODS = '/api/v1/namespaces/shop/pods';

/** What a learner does in a shop: breaks, looks, runs commands, scales, deletes; twelve minutes of the lab's time. */
export async function session(lab: InProcessLab): Promise<void> {
  const { host, header } = lab;
  const patch = (path: string, body: unknown): ReturnType<InProcessLab['request']> =>
    lab.request('PATCH', path, { body, contentType: 'application/strategic-merge-patch+json' });
  const at = (minutes: number): Promise<void> => lab.reach(header.epoch + minutes * MINUTE);
  await applyShop(lab);
  await host.advanceTo(header.epoch + MINUTE);
  await lab.goLive();
  const { body } = await lab.request('GET', PODS, { query: 'labelSelector=app%3Dgateway' });
  const pod = (body['items'] as { metadata: { name: string } }[])[0]?.metadata.name ?? '';
  await lab.exec(
    pod,
    ['sh', '-c', 'cat > /tmp/notes && wc -c /tmp/notes; hostname; date'],
    'look at refunds\n',
  );
  await patch(`${DEPLOYMENTS}/refunds`, {
    spec: {
      template: { spec: { containers: [{ name: 'refunds', readinessProbe: { httpGet: { port: 1 } } }] } },
    },
  });
  await patch(`${DEPLOYMENTS}/fx`, {
    spec: { template: { spec: { containers: [{ name: 'fx', image: 'shop.test/shop:nope' }] } } },
  });
  await at(5);
  await patch(`${DEPLOYMENTS}/checkout`, { spec: { replicas: 5 } });
  await lab.request('DELETE', `${PODS}/ledger-0`);
  await lab.request('POST', `${PODS}/none/eviction`, { body: { kind: 'nonsense' } });
  await at(6);
  await lab.exec(pod, ['wget', '-qO-', 'http://payments/version']);
  await patch(`${DEPLOYMENTS}/refunds`, {
    spec: {
      template: { spec: { containers: [{ name: 'refunds', readinessProbe: { httpGet: { port: 8080 } } }] } },
    },
  });
  await at(12);
  await host.mark();
}
