import type { Deployment } from '../../../src/model/objects.ts';
import { resources } from '../../../src/model/resources.ts';
import { customersServed, serviceRisesAgain } from './again.ts';
import {
  addressesOf,
  isComplete,
  isReady,
  leadsHome,
  runsImage,
  runsItsProgram,
  servesCallers,
  SHOP,
  within,
} from './ask.ts';
import { clientsUnchanged, gatewayUnchanged } from './clients.ts';
import { hangUp, podNamed, withCopy } from './copies.ts';
import { endings, staysUp } from './lives.ts';
import { type Complaint, type Oracle, type OracleView, question, service } from './view.ts';

const sameRelease = question('runs its own program', async (view) => {
  const name = service(view);
  return (
    (await runsItsProgram(view, name)) ??
    (await runsImage(view, name, view.healthyDigests[name] ?? 'nothing'))
  );
});

const whole = [
  question('its pods are ready', (view) => isComplete(view, service(view))),
  question('its Service leads to them', (view) => leadsHome(view, service(view))),
  sameRelease,
  question('callers are answered', (view) => servesCallers(view, service(view), `"role":"${service(view)}"`)),
  customersServed,
];

/** What runs may have been given an image that its template does not have. */
const afterwards = [serviceRisesAgain(service), sameRelease];

/** A pod that hangs must leave its Service for its readiness probe's sake, before anybody restarts it. */
async function hungPodLeaves(view: OracleView): Promise<Complaint> {
  const name = service(view);
  const template = view.healthy.get<Deployment>(resources.deployments, SHOP, name);
  if (template === undefined) return 'there was no such deployment';
  return withCopy(
    view,
    name,
    (spec) => ({ ...spec, containers: spec.containers.map(({ livenessProbe: _none, ...one }) => one) }),
    async (pod) => {
      const served = async (): Promise<boolean> => {
        const now = await podNamed(view, pod);
        return (
          (await addressesOf(view, name)).includes(now?.status.podIP ?? 'none') ||
          (now !== undefined && isReady(now))
        );
      };
      // No ticket allows a start more than that.
      const notIn = await within(view, 120_000, async () =>
        (await served()) ? undefined : 'one more pod is not served',
      );
      if (notIn !== undefined) return notIn;
      const mute = await hangUp(view, pod, name);
      if (mute !== undefined) return mute;
      const stays = await within(view, 60_000, async () =>
        (await served()) ? 'a pod that hangs is still served' : undefined,
      );
      if (stays !== undefined) return stays;
      return endings(await podNamed(view, pod), name) > 0
        ? 'the program of a pod that hangs ends'
        : undefined;
    },
  );
}

export const readinessProbe: Oracle = {
  settle: 75_000,
  afterwards,
  questions: [
    ...whole,
    question('nothing restarts', (view) => staysUp(view, service(view))),
    question(
      'callers are as before',
      async (view) => (await gatewayUnchanged(view)) ?? clientsUnchanged(view, ['gateway']),
    ),
    question('a pod that hangs leaves', hungPodLeaves),
  ],
};

/** A container that hangs a minute after its start is restarted within two more. */
async function hungIsRestarted(view: OracleView): Promise<Complaint> {
  const name = service(view);
  return withCopy(
    view,
    name,
    (spec) => spec,
    async (pod) => {
      const up = await within(view, 120_000, async () => {
        const now = await podNamed(view, pod);
        return now !== undefined && isReady(now) ? undefined : 'one more pod does not become ready';
      });
      if (up !== undefined) return up;
      const started = Date.parse(
        (await podNamed(view, pod))?.status.containerStatuses?.find((one) => one.name === name)?.state.running
          ?.startedAt ?? '',
      );
      await view.wait(Math.max(0, started + 60_000 - view.now()));
      if (endings(await podNamed(view, pod), name) > 0) return 'one more pod is restarted as it starts';
      const mute = await hangUp(view, pod, name);
      if (mute !== undefined) return mute;
      return within(view, 120_000, async () =>
        endings(await podNamed(view, pod), name) > 0 ? undefined : 'a container that hangs is not restarted',
      );
    },
  );
}

export const livenessTooEager: Oracle = {
  settle: 130_000,
  afterwards,
  questions: [
    ...whole,
    // As long as an impatient probe would need three times.
    question('nothing restarts', (view) => staysUp(view, service(view), 120_000)),
    question('a container that hangs is restarted', hungIsRestarted),
    question('a pod that hangs leaves', hungPodLeaves),
  ],
};
