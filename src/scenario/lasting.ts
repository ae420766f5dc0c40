import { seconds } from '../core/clock.ts';
import { hold, type LabView } from '../checks/check.ts';
import type { ClientRef } from '../checks/client-pod.ts';
import { customersServed } from '../checks/customers.ts';
import { everyServerAnswers, type FreshDns } from '../checks/dns-answers.ts';
import { servesEverybody } from '../checks/fresh-clients.ts';
import { dnsStartsAgain } from '../checks/fresh-dns.ts';
import { startsAgain } from '../checks/fresh-pods.ts';
import { type OwnWorkload, settingsWork } from '../checks/fresh-shop.ts';
import { sameObjects } from '../checks/objects.ts';
import { staysUp, type WorkloadRef } from '../checks/workloads.ts';
import { dnsOnlyFor, dnsOverUdpOnly, noMorePods, scale, select, settings } from '../faults/everyday.ts';
import { hack, safeguard } from './parts.ts';
import type { Hack, Safeguard } from './types.ts';

/** What a repair of one service of the shop leaves behind lasts: its next pod comes up, and the shop earns money. */
export function lasts(of: WorkloadRef): Safeguard[] {
  return [
    safeguard('starts-again', 'veto', `A new pod of ${of.name} comes up`, startsAgain(of)),
    shopStartsAgain(of),
    customersGoOn(of.namespace),
    dataKept(of.namespace),
  ];
}

/**
 * What was paid is still written down, and whoever knows an address of the shop finds it there.
 * @param options `services: false` where the fault itself made a Service again
 */
export const dataKept = (namespace: string, options?: { readonly services?: boolean }): Safeguard =>
  safeguard(
    'same-objects',
    'veto',
    'Data and addresses of the shop are as before',
    sameObjects(namespace, options),
  );

/**
 * Customers pay and are paid back, and will be tomorrow.
 * @param settleMs how long it may take until they are served, in milliseconds
 */
export const customersGoOn = (namespace: string, settleMs?: number): Safeguard =>
  safeguard(
    'customers',
    'veto',
    'Customers pay, and get their money back',
    hold(seconds(5), customersServed(namespace), settleMs),
  );

/** What others were told meanwhile, and have not read yet, lasts too. */
export const shopStartsAgain = (own: OwnWorkload, withinMs?: number): Safeguard =>
  safeguard(
    'shop-starts-again',
    'veto',
    'New pods of the shop come up with their settings',
    settingsWork(own, withinMs),
  );

/**
 * A repair has not harmed the shop.
 * @param own of its workload, if one is named, others look at the template
 * @param settleMs how long it may take until customers are served, in milliseconds
 * @param kept `services: false` where the fault itself made a Service again
 */
export const shopGoesOn = (
  own: OwnWorkload,
  settleMs?: number,
  kept?: { readonly services?: boolean },
): Safeguard[] => [
  customersGoOn(own.namespace, settleMs),
  shopStartsAgain(own),
  dataKept(own.namespace, kept),
];

/** The wrong repairs that {@link shopGoesOn} finds: a right one, and something else. */
export const shopHarmed = (namespace: string, repair: (lab: LabView) => Promise<void>): Hack[] => [
  hack('no-refunds-beside-the-repair', 'customers', async (lab) => {
    await scale(lab, { namespace, name: 'refunds' }, 0);
    await repair(lab);
  }),
  hack('unreadable-setting-beside-the-repair', 'shop-starts-again', async (lab) => {
    await repair(lab);
    await settings(lab, namespace, { CALL_TIMEOUT_MS: 'soon' });
  }),
  hack('no-room-for-the-next-pods', 'shop-starts-again', async (lab) => {
    await repair(lab);
    await noMorePods(lab, namespace);
  }),
  // Its slices stay, with the pods of now.
  hack('no-selector-of-another', 'customers', async (lab) => {
    await repair(lab);
    await select(lab, { namespace, name: 'checkout' }, null);
  }),
];

/** The wrong repairs of the cluster's DNS that {@link shopGoesOn} and {@link corednsLasts} find. */
export const dnsHarmed = (namespace: string, repair: (lab: LabView) => Promise<void>): Hack[] => [
  ...shopHarmed(namespace, repair),
  hack('asked-by-the-shop-only', 'everybody', async (lab) => {
    await repair(lab);
    await dnsOnlyFor(lab, namespace);
  }),
  hack('asked-over-udp-only', 'everybody', async (lab) => {
    await repair(lab);
    await dnsOverUdpOnly(lab);
  }),
];

/** What {@link lasts} looks after, and before it that the pods of now stay up. */
export function staysUpAndLasts(of: WorkloadRef): Safeguard[] {
  return [
    safeguard('stays-up', 'veto', `${of.name} stays up`, hold(seconds(30), staysUp(of), seconds(90))),
    ...lasts(of),
  ];
}

/**
 * What a repair of the cluster's DNS leaves behind lasts, and is for everybody: the next pod of CoreDNS comes up, it and every
 * server behind Service kube-dns answer correctly, and new pods of other namespaces resolve names too.
 * @param settleMs how long it may take until the pods of now answer: three minutes where nothing else is said, for a
 *   Corefile to be read; more where they may be in back-off
 */
export const corednsLasts = (asked: FreshDns, settleMs?: number): Safeguard[] => [
  safeguard('starts-again', 'veto', 'A new pod of CoreDNS comes up, and answers', dnsStartsAgain(asked)),
  safeguard(
    'servers',
    'veto',
    'Every server behind kube-dns answers correctly',
    everyServerAnswers(asked, settleMs),
  ),
  everybodyFindsNames(asked.from),
];

/**
 * New pods of other namespaces resolve names.
 * @param like whose image such a pod has
 */
export const everybodyFindsNames = (like: ClientRef): Safeguard =>
  safeguard('everybody', 'veto', 'Pods of other namespaces resolve names', servesEverybody(like));
