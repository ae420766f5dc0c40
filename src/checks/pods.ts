import type { ContainerStatus, Pod } from '../model/objects.ts';
import { isOver } from '../model/pod-phase.ts';
import { resources } from '../model/resources.ts';
import { type Check, fail, type LabView, pass } from './check.ts';
import type { ClientRef } from './client-pod.ts';

async function podsOfApp(lab: LabView, of: ClientRef): Promise<Pod[]> {
  const pods = await lab.kube.list(resources.pods, {
    namespace: of.namespace,
    labelSelector: `app=${of.app}`,
  });
  return pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

/** The addresses that pods have today; a pod on the network of its node has the node's, which stays. */
export async function podAddresses(lab: LabView): Promise<string[]> {
  const pods = await lab.kube.list(resources.pods);
  return pods.flatMap(({ spec, status }) =>
    spec.hostNetwork === true || isOver(status) ? [] : (status.podIP ?? []),
  );
}

const statuses = (pods: readonly Pod[]): ContainerStatus[] =>
  pods.flatMap(({ status }) => status.containerStatuses ?? []);

/** At least one container of the app waits for one of these reasons (`ImagePullBackOff`, `CrashLoopBackOff` …). */
export function waitingFor(of: ClientRef, reasons: readonly string[]): Check {
  return {
    expected: `a container of ${of.app} waits: ${reasons.join(' or ')}`,
    look: async (lab) => {
      const containers = statuses(await podsOfApp(lab, of));
      const seen = containers.flatMap(({ state }) => state.waiting?.reason ?? []);
      if (seen.some((reason) => reasons.includes(reason))) return pass(seen.join(', '));
      return fail(seen.join(', ') || (containers.length === 0 ? 'no pods' : 'none waits'));
    },
  };
}

/**
 * A pod that was made to end, and has ended: what somebody tried out under the app's label. Whoever keeps pods up puts
 * another in the place of one that ended, and that one counts.
 */
function wasTriedOut({ metadata, status }: Pod): boolean {
  const keeper = metadata.ownerReferences?.find(({ controller }) => controller === true);
  return isOver(status) && (keeper === undefined || keeper.kind === 'Job');
}

/**
 * Every container of the app runs; there is at least one. Pods that nobody keeps up, or a Job, and that have ended are not
 * looked at.
 */
export function noneWaiting(of: ClientRef): Check {
  return {
    expected: `all containers of ${of.app} run`,
    look: async (lab) => {
      const pods = await podsOfApp(lab, of);
      const seen = statuses(pods.filter((pod) => !wasTriedOut(pod)));
      const waiting = seen.filter(({ state }) => state.running === undefined);
      if (seen.length === 0) return fail('there is no container');
      const reasons = waiting.map(
        ({ state }) => state.waiting?.reason ?? state.terminated?.reason ?? 'unknown',
      );
      return waiting.length === 0
        ? pass(`${seen.length} run`)
        : fail(`${waiting.length} do not run: ${reasons.join(', ')}`);
    },
  };
}

/**
 * A container of the app was ended for this reason, now or before its last restart.
 * @param times so often such containers were ended at least, taken together
 */
export function terminatedFor(of: ClientRef, reason: string, times = 1): Check {
  return {
    expected: `a container of ${of.app} was terminated: ${reason}${times > 1 ? `, ${times} times` : ''}`,
    look: async (lab) => {
      const found = statuses(await podsOfApp(lab, of)).filter(({ state, lastState }) =>
        [state.terminated?.reason, lastState.terminated?.reason].includes(reason),
      );
      // One that does not run has ended once more than it was restarted.
      const ends = found.reduce(
        (sum, { restartCount, state }) => sum + restartCount + (state.running === undefined ? 1 : 0),
        0,
      );
      const text = `${found.length} containers, terminated ${ends} times`;
      return found.length > 0 && ends >= times ? pass(text) : fail(text);
    },
  };
}

/** All containers of the app run, and none is ready. */
export function runningNotReady(of: ClientRef): Check {
  return {
    expected: `pods of ${of.app} run but are not ready`,
    look: async (lab) => {
      const seen = statuses(await podsOfApp(lab, of));
      const stuck = seen.filter(({ ready, state }) => !ready && state.running !== undefined);
      const text = `${stuck.length} of ${seen.length} containers run without being ready`;
      return seen.length > 0 && stuck.length === seen.length ? pass(text) : fail(text);
    },
  };
}

/** An event with this reason, and all of these texts in it, is about a pod of the app. */
export function podEvent(of: ClientRef, reason: string, ...contains: readonly string[]): Check {
  return {
    expected: `an event ${reason} about ${of.app}`,
    look: async (lab) => {
      const names = new Set((await podsOfApp(lab, of)).map(({ metadata }) => metadata.name));
      const events = await lab.kube.list(resources.events, { namespace: of.namespace });
      const found = events.find(
        (event) =>
          event.reason === reason &&
          contains.every((text) => event.message.includes(text)) &&
          names.has(event.involvedObject.name ?? ''),
      );
      return found === undefined
        ? fail(`no event ${reason} with "${contains.join('", "')}"`)
        : pass(found.message);
    },
  };
}
