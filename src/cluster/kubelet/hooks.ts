import type { Handler, Pod } from '../../model/objects.ts';
import { NetError } from '../network/types.ts';
import type { HttpResponse, NetworkStack } from '../network/types.ts';
import { SECOND } from '../simulation/simulation.ts';
import type { Simulation } from '../simulation/simulation.ts';
import { execIn } from './exec.ts';
import { dialError } from './net-words.ts';
import { podText } from './pod-names.ts';
import { hostOf, portOf } from './probes/address.ts';
import { sleep, wait } from './task.ts';
import type { Step } from './task.ts';
import type { ContainerInstance } from './types.ts';

export interface HookDeps {
  readonly simulation: Simulation;
  /** The node's own stack: hooks over HTTP come from the kubelet. */
  readonly from: NetworkStack;
  readonly owner: string;
}

/**
 * Runs a lifecycle hook. https://kubernetes.io/docs/concepts/containers/container-lifecycle-hooks/
 * @returns what went wrong, as a waiting message says it
 */
export function* runHook(
  deps: HookDeps,
  hook: Handler,
  target: { pod: Pod; instance: ContainerInstance; ip: string },
): Step<string | undefined> {
  const { pod, instance } = target;
  const about = `for Container "${instance.spec.name}" in Pod "${podText(pod)}" failed - error: `;
  if (hook.exec !== undefined) {
    const command = hook.exec.command ?? [];
    const options = { timeout: undefined, owner: deps.owner };
    const result = yield* execIn(deps.simulation, instance, command, options);
    if ('code' in result && result.code === 0) return undefined;
    const text = command.join(' ');
    const error =
      'code' in result
        ? `command '${text}' exited with ${result.code}: `
        : 'error' in result
          ? `rpc error: code = Unknown desc = ${result.error}`
          : `command '${text}' timed out`;
    const output = 'code' in result ? result.output : '';
    return `Exec lifecycle hook ([${text}]) ${about}${error}, message: ${JSON.stringify(output)}`;
  }
  if (hook.sleep !== undefined) {
    yield* sleep(deps.simulation, hook.sleep.seconds * SECOND, deps.owner);
    return undefined;
  }
  if (hook.httpGet === undefined) return undefined;
  const { path = '/' } = hook.httpGet;
  const to = { ip: hostOf(hook.httpGet, target.ip), port: portOf(instance.spec, hook.httpGet.port) ?? 0 };
  const headers = Object.fromEntries(
    (hook.httpGet.httpHeaders ?? []).map(({ name, value }) => [name.toLowerCase(), value]),
  );
  const request = { method: 'GET', path, headers, body: '' };
  const answer = yield* wait<HttpResponse | NetError>((done) => deps.from.http(to, request, done));
  if (!(answer instanceof NetError)) return undefined;
  const error = `Get "http://${to.ip}:${to.port}${path}": ${dialError(to, answer.code)}`;
  return `HTTP lifecycle hook (${path}) ${about}${error}, message: ""`;
}
