import fc from 'fast-check';
import type { Facts } from '../facts.ts';
import { dnsEdits } from './dns.ts';
import { type Edit, partsOf, type Reference } from './edit.ts';
import { networkEdits } from './network.ts';
import { remedies } from './remedies.ts';
import { surroundingEdits, tidyUp } from './surroundings.ts';
import { workloadEdits } from './workloads.ts';

export type Weighted = readonly { readonly weight: number; readonly arbitrary: fc.Arbitrary<Edit> }[];

/** A copy of a lab is attacked so often in a row: each sequence goes on from where the one before has ended. */
export const PER_CHAIN = 8;
const MOST_EDITS = 6;

/**
 * Sequences of plausible edits, to be judged one after the other. The seed of a right repair is among them: to put
 * back what the fault has changed.
 */
export function sequences(facts: Facts): fc.Arbitrary<Edit[][]> {
  const edit = fc.oneof(
    ...[
      ...putBacks(facts),
      ...workloadEdits(facts),
      ...networkEdits(facts),
      ...surroundingEdits(facts),
      ...(facts.isDns ? dnsEdits(facts) : []),
    ],
  );
  // Short ones are often right, long ones seldom.
  const sequence = fc.oneof(
    { weight: 4, arbitrary: fc.array(edit, { minLength: 1, maxLength: 2 }) },
    { weight: 2, arbitrary: fc.array(edit, { minLength: 3, maxLength: MOST_EDITS }) },
    { weight: 3, arbitrary: repairWith(facts, edit) },
  );
  return fc.array(sequence, { minLength: PER_CHAIN, maxLength: PER_CHAIN });
}

/**
 * A right repair, or what would be one without an edit before it and up to two after it; now and then somebody has tidied up first:
 * what sequences before have left would hide what this one does.
 */
function repairWith(facts: Facts, edit: fc.Arbitrary<Edit>): fc.Arbitrary<Edit[]> {
  return fc
    .tuple(
      fc.oneof(
        { weight: 3, arbitrary: fc.array(edit, { maxLength: 1 }) },
        { weight: 1, arbitrary: fc.constant(tidyUp(facts)) },
      ),
      fc.constantFrom(...remedies(facts)),
      fc.array(edit, { maxLength: 2 }),
    )
    .map(([before, repair, after]) => [...before, ...repair, ...after]);
}

function putBacks(facts: Facts): Weighted {
  const fields = facts.differences.flatMap(({ of, paths }): Edit[] =>
    paths.map((path) => ({ edit: 'put-back', of, path })),
  );
  const objects = facts.differences.map(({ of }): Edit => ({ edit: 'put-back', of }));
  return [
    ...(fields.length === 0 ? [] : [{ weight: 14, arbitrary: fc.constantFrom(...fields) }]),
    ...(objects.length === 0 ? [] : [{ weight: 10, arbitrary: fc.constantFrom(...objects) }]),
    {
      weight: 2,
      arbitrary: fc.constantFrom(...anyObject(facts)).map((of): Edit => ({ edit: 'put-back', of })),
    },
    { weight: 2, arbitrary: fc.constantFrom<Edit>({ edit: 'undo', of: facts.workload }) },
    { weight: 2, arbitrary: fc.constantFrom(5, 20, 60).map((seconds): Edit => ({ edit: 'wait', seconds })) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.constantFrom(...anyObject(facts)), fc.constantFrom('live' as const, 'healthy' as const))
        .filter(([of]) => mayBeDeleted(of))
        .map(([of, as]): Edit => ({ edit: 'recreate', of, as })),
    },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom(...anyObject(facts))
        .filter(mayBeDeleted)
        .map((of): Edit => ({ edit: 'delete', of })),
    },
  ];
}

/** The objects that the incident is about, more often than others. */
const anyObject = ({ workload, services, policies, configMaps, others }: Facts): Reference[] => {
  const { name } = partsOf(workload);
  const own = services.filter((of) => of.endsWith(`/${name}`));
  return [workload, workload, ...own, ...own, ...policies, ...configMaps, ...others];
};

const mayBeDeleted = (of: Reference): boolean => !of.startsWith('serviceaccounts/');
