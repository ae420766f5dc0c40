import { resources } from '../../../src/model/resources.ts';
import { LOOKED_AT } from '../state.ts';
import { SHOP, SYSTEM } from './ask.ts';
import { type Complaint, judge, type Oracle, type OracleView } from './view.ts';

/** Pods end one day: those that own something of the shop today. @returns whether there was one */
async function endOwners({ kube, wait }: OracleView): Promise<boolean> {
  const owners = new Set<string>();
  for (const resource of LOOKED_AT)
    for (const { metadata } of await kube.list(resource, { namespace: SHOP }))
      for (const { kind, name } of metadata.ownerReferences ?? []) if (kind === 'Pod') owners.add(name);
  for (const name of owners) await kube.delete(resources.pods, SHOP, name);
  if (owners.size > 0) await wait(60_000);
  return owners.size > 0;
}

/** What only a finalizer keeps goes one day: today. @returns whether there was anything of the healthy shop */
async function letGo({ kube, healthy, wait }: OracleView): Promise<boolean> {
  let some = false;
  for (const namespace of [SHOP, SYSTEM]) {
    for (const resource of LOOKED_AT) {
      for (const { metadata } of await kube.list(resource, { namespace })) {
        const { name, deletionTimestamp, finalizers = [] } = metadata;
        if (deletionTimestamp === undefined || finalizers.length === 0) continue;
        if (healthy.get(resource, namespace, name) === undefined) continue;
        const body = { metadata: { finalizers: null } };
        await kube.patch(resource, namespace, name, body, { type: 'merge' });
        some = true;
      }
    }
  }
  if (some) await wait(60_000);
  return some;
}

/** What is asked when the grader has been: after it things are not what they were. */
export async function lastComplaint(
  { questions, afterwards = [] }: Oracle,
  view: OracleView,
): Promise<Complaint> {
  const [went, ended] = [await letGo(view), await endOwners(view)];
  const again = went || ended ? questions : [];
  return judge([...again, ...afterwards], view);
}
