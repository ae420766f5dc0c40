import type { Container, Handler, HttpGetAction, Probe } from '../../../model/objects.ts';
import type { Draft } from '../defaults/draft.ts';
import { headerProblems, portNameProblems } from './formats.ts';
import type { Problems } from './problems.ts';

const KINDS = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const;

/** What a probe or hook does: one thing of the list. */
function checkHandler(problems: Problems, field: string, handler: Draft<Handler>, gracePeriod: number): void {
  const set = KINDS.filter((kind) => handler[kind] !== undefined);
  if (set.length === 0) {
    problems.required(field, 'must specify a handler type');
    return;
  }
  set.forEach((kind, index) => {
    const at = `${field}.${kind}`;
    if (index > 0) problems.forbidden(at, 'may not specify more than 1 handler type');
    else checkKind(problems, at, kind, handler, gracePeriod);
  });
}

function checkKind(
  problems: Problems,
  field: string,
  kind: (typeof KINDS)[number],
  handler: Draft<Handler>,
  gracePeriod: number,
): void {
  switch (kind) {
    case 'exec':
      if ((handler.exec?.command?.length ?? 0) === 0) problems.required(`${field}.command`);
      return;
    case 'httpGet':
      checkHttpGet(problems, field, handler.httpGet ?? {});
      return;
    case 'tcpSocket':
      checkPort(problems, `${field}.port`, handler.tcpSocket?.port);
      return;
    case 'grpc':
      problems.port(`${field}.port`, handler.grpc?.port ?? 0);
      return;
    case 'sleep': {
      const seconds = handler.sleep?.seconds ?? 0;
      if (seconds >= 0 && seconds <= gracePeriod) return;
      const why = `must be non-negative and less than terminationGracePeriodSeconds (${gracePeriod})`;
      problems.invalid(field, seconds, why);
    }
  }
}

function checkHttpGet(problems: Problems, field: string, action: Draft<HttpGetAction>): void {
  if ((action.path ?? '') === '') problems.required(`${field}.path`);
  checkPort(problems, `${field}.port`, action.port);
  problems.oneOf(`${field}.scheme`, action.scheme, ['HTTP', 'HTTPS']);
  for (const { name = '' } of action.httpHeaders ?? []) {
    problems.invalidFor(`${field}.httpHeaders`, name, headerProblems(name));
  }
}

/** A number, or the name of a port of the container. */
export function checkPort(problems: Problems, field: string, port: number | string | undefined): void {
  if (typeof port === 'string') problems.invalidFor(field, port, portNameProblems(port));
  else problems.port(field, port ?? 0);
}

function checkProbe(problems: Problems, field: string, probe: Draft<Probe>, gracePeriod: number): void {
  checkHandler(problems, field, probe, gracePeriod);
  problems.notNegative(`${field}.initialDelaySeconds`, probe.initialDelaySeconds);
  problems.notNegative(`${field}.timeoutSeconds`, probe.timeoutSeconds);
  problems.notNegative(`${field}.periodSeconds`, probe.periodSeconds);
  problems.notNegative(`${field}.successThreshold`, probe.successThreshold);
  problems.notNegative(`${field}.failureThreshold`, probe.failureThreshold);
  const own = probe.terminationGracePeriodSeconds;
  if (own !== undefined && own <= 0) {
    problems.invalid(`${field}.terminationGracePeriodSeconds`, own, 'must be greater than 0');
  }
}

/** The hooks and probes of a container that has them. */
export function checkLifeOf(
  problems: Problems,
  field: string,
  container: Draft<Container>,
  gracePeriod: number,
): void {
  const { postStart, preStop } = container.lifecycle ?? {};
  if (postStart !== undefined) checkHandler(problems, `${field}.lifecycle.postStart`, postStart, gracePeriod);
  if (preStop !== undefined) checkHandler(problems, `${field}.lifecycle.preStop`, preStop, gracePeriod);
  for (const kind of ['livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
    const probe = container[kind];
    if (probe === undefined) continue;
    const at = `${field}.${kind}`;
    checkProbe(problems, at, probe, gracePeriod);
    if (kind === 'readinessProbe') {
      const own = probe.terminationGracePeriodSeconds;
      if (own !== undefined) {
        problems.invalid(`${at}.terminationGracePeriodSeconds`, own, 'must not be set for readinessProbes');
      }
    } else if (probe.successThreshold !== 1) {
      problems.invalid(`${at}.successThreshold`, probe.successThreshold, 'must be 1');
    }
  }
}
