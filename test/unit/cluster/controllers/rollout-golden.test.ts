import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { edit } from '../../../../src/core/json.ts';
import type { Deployment } from '../../../../src/model/objects.ts';
import { resources } from '../../../../src/model/resources.ts';
import type { Api } from '../../../../src/cluster/api.ts';
import { startedWithApiServer } from '../support/with-api-server.ts';
import { deployment } from '../support/world.ts';
import type { World } from '../support/world.ts';

/**
 * Recorded on kind, Kubernetes 1.36.3: a Deployment of four pods gets an image that cannot be had, is scaled to six
 * in the middle of that rollout, and is rolled back. Names of ReplicaSets are RS1 and RS2, times are left out.
 */
const golden = JSON.parse(readFileSync(new URL('./goldens/rollout.json', import.meta.url), 'utf8')) as Record<
  'start' | 'bad' | 'scaled' | 'undone',
  unknown
>;

const get = (world: World<Api>): Deployment => world.api.get(resources.deployments, 'shop', 'web')!;

/** The state in the form of the golden file. */
function state(world: World<Api>): unknown {
  const sets = [...world.api.list(resources.replicaSets)].sort(
    (a, b) => Number(a.metadata.uid !== firstUid(world)) - Number(b.metadata.uid !== firstUid(world)),
  );
  const named = (text: string): string =>
    sets.reduce((result, { metadata }, index) => result.replaceAll(metadata.name, `RS${index + 1}`), text);
  const { metadata, status } = get(world);
  return {
    deployment: {
      annotations: metadata.annotations,
      generation: metadata.generation,
      status: {
        ...status,
        conditions: status.conditions?.map(({ type, status: value, reason, message = '' }) => ({
          type,
          status: value,
          reason,
          message: named(message),
        })),
      },
    },
    replicaSets: Object.fromEntries(
      sets.map((set, index) => [
        `RS${index + 1}`,
        {
          annotations: set.metadata.annotations,
          replicas: set.spec.replicas,
          generation: set.metadata.generation,
          status: set.status,
        },
      ]),
    ),
    events: world.events('Deployment').map((event) => named(event).replace(' web: ', ' ')),
  };
}

/** The ReplicaSet that was there first: names sort by hash, not by age. */
function firstUid(world: World<Api>): string | undefined {
  const [oldest] = [...world.api.list(resources.replicaSets)].sort((a, b) =>
    a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp),
  );
  return oldest?.metadata.uid;
}

test('a rollout with an image that cannot be had, scaled and rolled back, is what kind shows', async () => {
  const world = startedWithApiServer({ ready: (pod) => pod.spec.containers[0]?.image !== 'nope:1' });
  const change = (how: (draft: Deployment) => void): void => {
    world.api.update(resources.deployments, edit(get(world), how));
  };
  world.api.create(resources.deployments, deployment('web', { replicas: 4 }));
  await world.seconds(12);
  expect(state(world)).toEqual(golden.start);
  change((draft) => {
    draft.spec.template.spec.containers[0]!.image = 'nope:1';
  });
  await world.seconds(15);
  expect(state(world)).toEqual(golden.bad);
  change((draft) => {
    draft.spec.replicas = 6;
  });
  await world.seconds(8);
  expect(state(world)).toEqual(golden.scaled);
  change((draft) => {
    draft.spec.template.spec.containers[0]!.image = 'nginx:1.29';
  });
  await world.seconds(12);
  expect(state(world)).toEqual(golden.undone);
});
