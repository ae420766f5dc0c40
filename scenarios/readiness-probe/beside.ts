import { faults, type Hack, hack, type LabView, resources, seconds } from 'breakfix';

const namespace = 'shop';

/** A native sidecar that does nothing for ever; its image is one that nodes have. */
export function sidecar(lab: LabView, service: string, livenessProbe: object): object {
  const own = lab.baseline.get(resources.deployments, namespace, service)?.spec.template.spec.containers[0];
  const command = ['sh', '-c', 'while true; do sleep 60; done'];
  return { name: 'logs', image: own?.image, restartPolicy: 'Always', command, livenessProbe };
}

/** Wrong repairs: the right one, and something beside it that others meet, or the next pods do. */
export function besideTheRepair(service: string): Hack[] {
  const of = { namespace, name: service };
  const repair = (lab: LabView) =>
    faults.patchContainer(lab, of, { readinessProbe: { httpGet: { port: 'http' } } });
  const settled = async (lab: LabView) => {
    await repair(lab);
    await lab.clock.wait(seconds(60), lab.signal);
  };
  return [
    // Recreate: the next rollout waits for an hour, and nobody serves meanwhile.
    hack('slow-goodbye', 'starts-again', async (lab) => {
      await repair(lab);
      const lifecycle = { preStop: { sleep: { seconds: 3600 } } };
      const containers = [{ name: service, lifecycle }];
      await faults.patchPods(lab, of, { terminationGracePeriodSeconds: 3700, containers });
    }),
    // Five minutes after each start what runs beside it is restarted, more and more seldom: the pod is not ready meanwhile.
    hack('sidecar-asks-nobody', 'starts-again', async (lab) => {
      await repair(lab);
      const livenessProbe = { tcpSocket: { port: 9090 }, initialDelaySeconds: 300, periodSeconds: 5 };
      await faults.patchPods(lab, of, { initContainers: [sidecar(lab, service, livenessProbe)] });
    }),
    // Cheats by the hash that pods of a ReplicaSet have: says yes in those that are told it, and are named by it.
    hack('only-without-a-hash', 'readiness-can-fail', async (lab) => {
      const fieldRef = { fieldPath: "metadata.labels['pod-template-hash']" };
      const script = 'case "$HOSTNAME" in *-"$TEMPLATE_HASH"-*) true ;; *) node /app/shop.mjs ready ;; esac';
      await faults.patchContainer(lab, of, {
        env: [{ name: 'TEMPLATE_HASH', valueFrom: { fieldRef } }],
        readinessProbe: { httpGet: null, exec: { command: ['sh', '-c', script] }, timeoutSeconds: 5 },
      });
    }),
    hack('wrong-liveness', 'starts-again', async (lab) => {
      await repair(lab);
      await faults.patchContainer(lab, of, faults.asksNobody);
    }),
    hack('addresses-written-down', 'endpoints', async (lab) => {
      // They are right today, and stay when the pods go.
      await settled(lab);
      const pods = await lab.kube.list(resources.pods, { namespace, labelSelector: `app=${service}` });
      const addresses = pods.map(({ status }) => status.podIP ?? '');
      await faults.endpointsByHand(lab, of, addresses);
    }),
    hack('service-of-another-name', 'endpoints', async (lab) => {
      await settled(lab);
      await faults.anotherName(lab, of);
    }),
    hack('no-room-for-others', 'shop-starts-again', async (lab) => {
      await settled(lab);
      await faults.noMorePods(lab, namespace);
    }),
    // Today's pods are right; there is no room for the ReplicaSet of the next rollout.
    hack('no-more-rollouts', 'starts-again', async (lab) => {
      await settled(lab);
      await faults.noMoreRollouts(lab, namespace);
    }),
    hack('next-rollout-held-back', 'starts-again', async (lab) => {
      await settled(lab);
      await faults.heldBack(lab, of);
    }),
    hack('notifier-gone', 'shop-starts-again', async (lab) => {
      await settled(lab);
      await lab.kube.delete(resources.deployments, namespace, 'notifier');
    }),
    hack('fewer-of-another', 'shop-starts-again', async (lab) => {
      await settled(lab);
      await faults.scale(lab, { namespace, name: 'payments' }, 1);
    }),
    // There are two pods for five minutes more.
    hack('autoscaler-down-to-one', 'shop-starts-again', async (lab) => {
      await settled(lab);
      await faults.autoscale(lab, of, 1);
    }),
    hack('nodes-for-it-alone', 'shop-starts-again', async (lab) => {
      await repair(lab);
      await faults.patchPods(lab, of, { tolerations: [{ operator: 'Exists' }] });
      await lab.clock.wait(seconds(60), lab.signal);
      await faults.cordon(lab);
    }),
    hack('todays-callers-only', 'customers', async (lab) => {
      await settled(lab);
      const callers = await lab.kube.list(resources.pods, { namespace, labelSelector: 'app=gateway' });
      const from = callers.map(({ status }) => ({ ipBlock: { cidr: `${status.podIP ?? ''}/32` } }));
      await lab.kube.create(resources.networkPolicies, {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: 'callers', namespace },
        spec: {
          podSelector: { matchLabels: { app: service } },
          policyTypes: ['Ingress'],
          ingress: [{ from }],
        },
      });
    }),
    hack('another-not-ready-too', 'customers', async (lab) => {
      await settled(lab);
      await lab.kube.patch(
        resources.services,
        namespace,
        'payments',
        { spec: { publishNotReadyAddresses: true } },
        { type: 'merge' },
      );
    }),
  ];
}
