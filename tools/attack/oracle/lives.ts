import type { Pod } from '../../../src/model/objects.ts';
import { isComplete, podsOf, run, runningPods } from './ask.ts';
import type { Complaint, OracleView } from './view.ts';

/** How often the workload's container of a pod has ended. */
export function endings(pod: Pod | undefined, container: string): number {
  const own = pod?.status.containerStatuses?.find(({ name }) => name === container);
  return (own?.restartCount ?? 0) + (own?.state.terminated === undefined ? 0 : 1);
}

/** The pods of a Deployment and their containers' lives, as a text: another one where anything was killed or replaced. */
export async function livesOf(view: OracleView, name: string): Promise<string> {
  const pods = await podsOf(view, name);
  return pods
    .map((pod) => `${pod.metadata.uid} ${endings(pod, name)}`)
    .sort()
    .join(', ');
}

/** What its liveness probes ask is answered: a probe that asks where nobody is kills, however rarely it asks. */
export async function foundAlive(view: OracleView, name: string): Promise<Complaint> {
  for (const pod of await runningPods(view, name)) {
    for (const { name: container, ports = [], livenessProbe } of pod.spec.containers) {
      const { httpGet, tcpSocket, exec } = livenessProbe ?? {};
      const { port, path = '/' } = { path: undefined, ...(httpGet ?? tcpSocket) };
      const at = ports.find((one) => one.name === port)?.containerPort ?? port;
      const asks =
        exec?.command ??
        (httpGet !== undefined
          ? ['wget', '-q', '-T', '2', '-O', '-', `http://127.0.0.1:${at}${path}`]
          : ['node', '/app/shop.mjs', 'probe', 'tcp', `127.0.0.1:${at}`, '--until-failure']);
      if (livenessProbe === undefined || livenessProbe['grpc'] !== undefined) continue;
      const { ok, text } = await run(view, pod, container, asks);
      if (!ok || text.includes('"failed":1'))
        return `${pod.metadata.name} is not found alive: ${text.trim().slice(0, 120)}`;
    }
  }
  return undefined;
}

/** Nobody kills it for so long: a probe that asks where nobody is kills again and again, and all is well in between. */
export async function staysUp(view: OracleView, name: string, ms = 60_000): Promise<Complaint> {
  const before = await livesOf(view, name);
  for (let waited = 0; waited < ms; waited += 10_000) {
    await view.wait(10_000);
    if ((await livesOf(view, name)) !== before) return `a container of ${name} was killed or a pod replaced`;
  }
  return isComplete(view, name);
}
