import { BreakfixError } from '../../../core/errors.ts';
import type { ClusterFault } from '../../../cluster/cluster-faults.ts';
import {
  type AloneFault,
  changeAlone,
  faultsOfAlone,
  registriesOfAlone,
  reviveAlone,
  viewAlone,
} from '../../../providers/embedded/alone.ts';
import type { ClusterRef } from '../../../providers/provider.ts';
import { durationOf } from '../../cluster/flags.ts';
import {
  faultFrom,
  faultKinds,
  faultText,
  kindOf,
  type Places,
  type WhereFlags,
} from '../../cluster/fault-words.ts';
import { ClusterStore } from '../../cluster/store.ts';
import { span } from '../../cluster/texts.ts';
import { type CommandContext, processOptions } from '../../context.ts';
import { columns } from '../list.ts';

interface Named {
  readonly name?: string;
}

/** `breakfix cluster faults`: those that there are, and those that are in the cluster. */
export async function listFaults(context: CommandContext, flags: Named): Promise<void> {
  const { ref, now } = await running(context, flags);
  const faults = await faultsOfAlone(ref);
  const on = faults.map((one) => [`  ${faultText(one.fault)}`, lengthText(one, now)]);
  const rows = Object.entries(faultKinds).map(([kind, { values, about }]) => [
    `  ${[kind, ...values].join(' ')}`,
    about,
  ]);
  const text = [
    `In cluster ${ref.lab}${on.length === 0 ? ' there is none.' : ':'}`,
    ...(on.length === 0 ? [] : [columns(on)]),
    '',
    'Put one in with breakfix cluster faults add, take it out with faults remove:',
    columns(rows),
  ].join('\n');
  const kinds = Object.entries(faultKinds).map(([kind, rest]) => ({ kind, ...rest }));
  output(context, { name: ref.lab, faults: faults.map(faultDocument), kinds }, text);
}

/** `breakfix cluster faults add`: something breaks that is no object of the API. */
export async function addFault(
  context: CommandContext,
  kind: string,
  values: readonly string[],
  flags: WhereFlags & Named & { readonly for?: string },
): Promise<void> {
  const { ref, places } = await running(context, flags);
  const fault = faultFrom(kind, values, flags, places);
  const forMs = flags.for === undefined ? undefined : durationOf(flags.for, '--for 5m');
  await changeAlone(ref, { what: 'fault', fault, ...(forMs === undefined ? {} : { forMs }) });
  const document = {
    name: ref.lab,
    added: { text: faultText(fault), ...fault },
    ...(forMs === undefined ? {} : { forMs }),
  };
  output(context, document, `${faultText(fault)}${forMs === undefined ? '' : `, for ${span(forMs)}`}`);
}

/** `breakfix cluster faults remove`: mends those that fit, or all. */
export async function removeFaults(
  context: CommandContext,
  kind: string | undefined,
  values: readonly string[],
  flags: Named & { readonly all?: boolean },
): Promise<void> {
  if ((kind === undefined) === (flags.all !== true)) {
    throw new BreakfixError({
      code: 'FAULT_INVALID',
      kind: 'user',
      message: 'say which fault is to be removed, or --all',
      fix: 'breakfix cluster faults lists those that are in the cluster',
    });
  }
  const { ref } = await running(context, flags);
  const faults = (await faultsOfAlone(ref)).map(({ fault }) => fault);
  const chosen = kind === undefined ? faults : fitting(faults, kindOf(kind), values);
  for (const fault of chosen) await changeAlone(ref, { what: 'mend', fault });
  const texts = chosen.map(faultText);
  output(
    context,
    { name: ref.lab, removed: texts },
    texts.length === 0 ? 'there was none' : `removed ${texts.join(', ')}`,
  );
}

/** Those of a kind whose command line has all these words. @throws BreakfixError where there is none */
function fitting(
  faults: readonly ClusterFault[],
  kind: ClusterFault['kind'],
  values: readonly string[],
): ClusterFault[] {
  const chosen = faults.filter(
    (fault) => fault.kind === kind && values.every((value) => faultText(fault).split(' ').includes(value)),
  );
  if (chosen.length > 0) return chosen;
  const there = faults.length === 0 ? 'there is none' : `there are ${faults.map(faultText).join(', ')}`;
  throw new BreakfixError({
    code: 'FAULT_UNKNOWN',
    kind: 'user',
    message: `no fault ${[kind, ...values].join(' ')} is in the cluster; ${there}`,
    fix: 'breakfix cluster faults lists them; faults remove --all mends everything',
  });
}

interface Running {
  readonly ref: ClusterRef;
  readonly places: Places;
  readonly now: Date | undefined;
}

async function running({ version }: CommandContext, { name }: Named): Promise<Running> {
  const ref = new ClusterStore().find(name);
  await reviveAlone(ref, processOptions(version));
  const { nodes, clock } = await viewAlone(ref);
  return { ref, places: { nodes, registries: registriesOfAlone(ref) }, now: clock?.now };
}

function lengthText({ since, until }: AloneFault, now: Date | undefined): string {
  if (now === undefined) return '';
  const sinceText = `for ${span(now.getTime() - since.getTime())}`;
  return until === undefined ? sinceText : `${sinceText}, ends in ${span(until.getTime() - now.getTime())}`;
}

const faultDocument = ({ fault, since, until }: AloneFault): Record<string, unknown> => ({
  text: faultText(fault),
  ...fault,
  since: since.toISOString(),
  ...(until === undefined ? {} : { until: until.toISOString() }),
});

const output = (context: CommandContext, document: unknown, text: string): void =>
  context.output.result(document, text);
