import { describe, expect, test } from '@jest/globals';
import type { Event } from '../../../../src/model/objects.ts';
import { resources } from '../../../../src/model/resources.ts';
import { createEventRecorder } from '../../../../src/cluster/events/recorder.ts';
import { World, pod } from '../support/world.ts';
import { statusError } from '../support/fake-api.ts';

function started(host?: string) {
  const world = new World();
  const { api, simulation } = world;
  const recorder = createEventRecorder({
    api,
    simulation,
    component: host === undefined ? 'deployment-controller' : 'kubelet',
    ...(host === undefined ? {} : { host }),
  });
  const about = api.create(resources.pods, pod('web'));
  const list = (): readonly Event[] => api.list(resources.events);
  return { world, recorder, about, list };
}

describe('event recorder', () => {
  test('an event is what a real cluster stores', async () => {
    const { world, recorder, about, list } = started('worker');
    await world.seconds(1.5);
    recorder.event(about, 'Normal', 'Created', 'Container created');
    const [event] = list();
    expect(event).toEqual({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: {
        name: expect.stringMatching(/^web\.[0-9a-f]{16}$/),
        namespace: 'shop',
        uid: expect.any(String),
        resourceVersion: expect.any(String),
        creationTimestamp: '2026-01-01T00:00:01Z',
        generation: 1,
      },
      involvedObject: {
        apiVersion: 'v1',
        kind: 'Pod',
        namespace: 'shop',
        name: 'web',
        uid: about.metadata.uid,
        resourceVersion: about.metadata.resourceVersion,
      },
      type: 'Normal',
      reason: 'Created',
      message: 'Container created',
      source: { component: 'kubelet', host: 'worker' },
      firstTimestamp: '2026-01-01T00:00:01Z',
      lastTimestamp: '2026-01-01T00:00:01Z',
      count: 1,
      eventTime: null,
      reportingComponent: 'kubelet',
      reportingInstance: 'worker',
    });
    // The name is the time in nanoseconds.
    const nanoseconds = BigInt(`0x${event?.metadata.name.split('.')[1] ?? ''}`);
    expect(nanoseconds / 1000n).toBe(BigInt(world.simulation.now));
  });

  test('the same again is counted', async () => {
    const { world, recorder, about, list } = started();
    recorder.event(about, 'Warning', 'BackOff', 'Back-off');
    await world.seconds(10);
    recorder.event(about, 'Warning', 'BackOff', 'Back-off');
    recorder.event(
      { ...about, metadata: { ...about.metadata, resourceVersion: '999' } },
      'Warning',
      'BackOff',
      'Back-off',
    );
    expect(list()).toHaveLength(1);
    expect(list()[0]).toMatchObject({
      count: 3,
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T00:00:10Z',
    });
  });

  test('a container, a type, a reason or a text makes another event', () => {
    const { recorder, about, list } = started();
    const reference = { kind: 'Pod', namespace: 'shop', name: 'web', uid: about.metadata.uid };
    recorder.event(
      { ...reference, fieldPath: 'spec.containers{a}' },
      'Normal',
      'Created',
      'Container created',
    );
    recorder.event(
      { ...reference, fieldPath: 'spec.containers{b}' },
      'Normal',
      'Created',
      'Container created',
    );
    recorder.event(reference, 'Normal', 'Created', 'Container created');
    recorder.event(reference, 'Normal', 'Started', 'Container created');
    recorder.event(reference, 'Normal', 'Started', 'Container started');
    expect(list()).toHaveLength(5);
  });

  test('after ten texts in ten minutes the rest is combined', async () => {
    const { world, recorder, about, list } = started();
    for (let index = 1; index <= 12; index++) {
      recorder.event(about, 'Warning', 'Failed', `text ${index}`);
      await world.seconds(1);
    }
    const combined = list().filter(({ message }) => message.startsWith('(combined from similar events): '));
    expect(list()).toHaveLength(10);
    expect(combined).toHaveLength(1);
    expect(combined[0]).toMatchObject({ message: '(combined from similar events): text 12', count: 3 });
    await world.seconds(601);
    recorder.event(about, 'Warning', 'Failed', 'text 13');
    expect(list().some(({ message }) => message === 'text 13')).toBe(true);
  });

  test('an object has 25 events of a type, and one more every five minutes', async () => {
    const { world, recorder, about, list } = started();
    for (let index = 1; index <= 30; index++) recorder.event(about, 'Normal', `Reason${index}`, 'text');
    expect(list()).toHaveLength(25);
    await world.seconds(299);
    recorder.event(about, 'Normal', 'Early', 'text');
    expect(list()).toHaveLength(25);
    await world.seconds(2);
    recorder.event(about, 'Normal', 'Later', 'text');
    recorder.event(about, 'Normal', 'TooMany', 'text');
    expect(list()).toHaveLength(26);
    const other = world.api.create(resources.pods, pod('other'));
    recorder.event(other, 'Normal', 'Created', 'text');
    expect(list()).toHaveLength(27);
    recorder.event(about, 'Warning', 'Failed', 'text');
    expect(list()).toHaveLength(28);
  });

  test('events about objects without a namespace are in default', () => {
    const { recorder, list } = started();
    recorder.event({ kind: 'Node', name: 'worker', uid: 'worker' }, 'Normal', 'NodeReady', 'text');
    expect(list()[0]?.metadata.namespace).toBe('default');
    expect(list()[0]?.involvedObject).toEqual({ kind: 'Node', name: 'worker', uid: 'worker' });
  });

  test('an event that has expired is written anew, with its count; one that is refused is dropped', async () => {
    const { world, recorder, about, list } = started();
    recorder.event(about, 'Normal', 'Pulled', 'text');
    const name = list()[0]?.metadata.name ?? '';
    world.api.delete(resources.events, 'shop', name);
    await world.seconds(5);
    recorder.event(about, 'Normal', 'Pulled', 'text');
    expect(list()[0]).toMatchObject({ metadata: { name }, count: 2, firstTimestamp: '2026-01-01T00:00:00Z' });
    world.api.refuse = () => {
      throw statusError(403, 'Forbidden', 'being terminated');
    };
    expect(() => {
      recorder.event(about, 'Normal', 'Other', 'text');
    }).not.toThrow();
  });
});
