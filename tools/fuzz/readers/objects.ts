import fc from 'fast-check';
import type { EmbeddedCluster } from '../../../src/cluster/cluster.ts';
import { adminRequest } from '../../../test/helpers/in-process.ts';
import { ask, filledCluster, freshCluster } from '../cluster.ts';
import { fieldNames, type Sample, samples } from '../corpus.ts';
import { documents } from '../inputs.ts';
import { reader } from '../reader.ts';

/** An object, and what is asked with it. */
interface Write {
  readonly on: number;
  readonly object: unknown;
  readonly how: 'create' | 'update' | 'merge' | 'strategic' | 'apply' | 'status' | 'yaml';
}

const writes: fc.Arbitrary<Write> = fc.nat(samples.length - 1).chain((on) =>
  fc.record({
    on: fc.constant(on),
    object: documents([sampleAt(on).object], fieldNames),
    how: fc.constantFrom('create', 'create', 'update', 'merge', 'strategic', 'apply', 'status', 'yaml'),
  }),
);

function sampleAt(index: number): Sample {
  const sample = samples[index];
  if (sample === undefined) throw new RangeError(`no sample ${index}`);
  return sample;
}

const CONTENT_TYPES = {
  create: 'application/json',
  update: 'application/json',
  yaml: 'application/yaml',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
  status: 'application/merge-patch+json',
} as const;
const METHODS = {
  create: 'POST',
  yaml: 'POST',
  update: 'PUT',
  merge: 'PATCH',
  strategic: 'PATCH',
  apply: 'PATCH',
  status: 'PATCH',
} as const;

function send(cluster: EmbeddedCluster, { on, object, how }: Write, query: string): void {
  const { path, object: right } = sampleAt(on);
  const { name = 'web' } = (right['metadata'] ?? {}) as { name?: string };
  const collection = METHODS[how] === 'POST';
  const target = collection ? path : `${path}/${name}${how === 'status' ? '/status' : ''}`;
  ask(cluster, adminRequest(METHODS[how], target, { body: object, contentType: CONTENT_TYPES[how], query }));
}

export const objects = reader<Write>({
  name: 'objects',
  reads:
    'objects of 40 kinds in creates, updates, patches and server-side apply: decoding, defaults, admission, validation (dry run)',
  inputs: writes,
  tested: 150,
  open: async () => {
    const cluster = await filledCluster((error) => {
      throw error;
    });
    return (write) => send(cluster, write, 'dryRun=All&fieldManager=fuzz');
  },
});

/** Objects that are kept before a new cluster is made. */
const MOST_WRITES = 500;
const SECOND = 1_000_000;

export const liveObjects = reader<Write>({
  name: 'live-objects',
  reads:
    'the same, really written, with five seconds of the cluster after each: controllers, scheduler, kubelets, DNS',
  inputs: writes,
  usual: 20_000,
  tested: 8,
  open: () => {
    let cluster: EmbeddedCluster | undefined;
    let written = 0;
    const thrown: unknown[] = [];
    return async (write) => {
      if (cluster === undefined || written++ > MOST_WRITES) {
        cluster = await freshCluster((error) => thrown.push(error));
        written = 0;
      }
      send(cluster, write, 'fieldManager=fuzz');
      const { simulation } = cluster;
      await simulation.advanceTo(simulation.now + 5 * SECOND);
      if (thrown.length === 0) return;
      // What has thrown once may do so for ever.
      cluster = undefined;
      const [first] = thrown.splice(0);
      throw first;
    };
  },
});
