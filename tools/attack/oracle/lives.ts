import type { Container, Pod } from '../../../src/model/objects.ts';
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
    for (const container of pod.spec.containers) {
      const question = questionOfLife(container);
      if (question === undefined) continue;
      const { ok, text } = await run(view, pod, container.name, question);
      if (!ok || text.includes('"failed":1'))
        return `${pod.metadata.name} is not found alive: ${text.trim().slice(0, 120)}`;
    }
  }
  return undefined;
}

/** The command that asks in a container what its liveness probe asks; undefined where it asks nothing, or by gRPC. */
function questionOfLife({ ports = [], livenessProbe }: Container): readonly string[] | undefined {
  const { httpGet, tcpSocket, exec } = livenessProbe ?? {};
  if (exec !== undefined) return exec.command;
  const asked = httpGet ?? tcpSocket;
  if (asked === undefined) return undefined;
  const at = ports.find(({ name }) => name === asked.port)?.containerPort ?? asked.port;
  return httpGet === undefined
    ? ['node', '/app/shop.mjs', 'probe', 'tcp', `127.0.0.1:${at}`, '--until-failure']
    : ['wget', '-q', '-T', '2', '-O', '-', `http://127.0.0.1:${at}${httpGet.path ?? '/'}`];
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
