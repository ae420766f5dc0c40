import { expect, test } from '@jest/globals';
import { send, startApiServer } from './harness.ts';

const MINUTE = 60_000_000;
const MAPS = '/api/v1/namespaces/default/configmaps';

test('a list can be continued for five minutes at least and ten at most', async () => {
  const running = startApiServer();
  const { simulation } = running;
  // The harness starts at the full hour, at which a period begins.
  await simulation.advanceTo(simulation.now + MINUTE);
  for (const name of ['a', 'b', 'c']) {
    send(running, 'POST', MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });
  }
  const first = send(running, 'GET', `${MAPS}?limit=1`).body;
  const rest = `${MAPS}?limit=5&continue=${first.metadata.continue}`;
  const exact = `${MAPS}?resourceVersionMatch=Exact&resourceVersion=${first.metadata.resourceVersion}`;
  send(running, 'DELETE', `${MAPS}/b`);
  await simulation.advanceTo(simulation.now + 8 * MINUTE);
  send(running, 'POST', MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'd' } });
  expect(send(running, 'GET', rest).body.items).toHaveLength(2);
  await simulation.advanceTo(simulation.now + 2 * MINUTE);
  expect(send(running, 'GET', exact).status).toBe(410);
  const { status, body } = send(running, 'GET', rest);
  expect(status).toBe(410);
  expect(send(running, 'GET', `${MAPS}?limit=5&continue=${body.metadata.continue}`).body.items).toHaveLength(
    2,
  );
});
