import { edit, equal } from '../../../core/json.ts';
import type { ApiService, Condition, EndpointSlice } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import { StatusError } from '../../api.ts';
import type { Api } from '../../api.ts';
import { dialError } from '../../kubelet/net-words.ts';
import { NetError } from '../../network/types.ts';
import type { NetworkStack } from '../../network/types.ts';
import { SECOND } from '../../simulation/simulation.ts';
import type { Micros, Simulation } from '../../simulation/simulation.ts';
import { WorkQueue } from '../work-queue.ts';

const SERVICE_NAME = 'kubernetes.io/service-name';
const RESYNC: Micros = 30 * SECOND;
const ANSWER_WITHIN: Micros = 5 * SECOND;
const TIMED_OUT = 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)';

type Availability = Required<Pick<Condition, 'status' | 'reason' | 'message'>>;

/**
 * Finds out whether the servers behind APIServices can be reached, and says so in their conditions: kube-apiserver's
 * remote and local availability controllers.
 * @param options.from the network of the API server's node
 */
export function startAvailabilityController(options: {
  readonly simulation: Simulation;
  readonly api: Api;
  readonly from: NetworkStack;
}): void {
  const { simulation, api, from } = options;
  const queue = new WorkQueue(simulation, 'apiservice-availability', sync);
  let isFollowing = false;

  function sync(name: string): void {
    const apiService = api.get(resources.apiServices, undefined, name);
    if (apiService === undefined) return;
    const { service = null } = apiService.spec;
    if (service === null) {
      write(name, { status: 'True', reason: 'Local', message: 'Local APIServices are always available' });
      return;
    }
    queue.after(name, RESYNC);
    const target = reachable(service);
    if ('reason' in target) write(name, target);
    else ask(apiService, target);
  }

  /** What to ask, or why there is nothing to ask. */
  function reachable(
    wanted: NonNullable<ApiService['spec']['service']>,
  ): Availability | { readonly ip: string; readonly port: number } {
    const { namespace = '', name = '', port = 443 } = wanted;
    const no = (reason: string, message: string): Availability => ({ status: 'False', reason, message });
    const named = `service/${name} in ${JSON.stringify(namespace)}`;
    const service = api.get(resources.services, namespace, name);
    if (service === undefined) return no('ServiceNotFound', `${named} is not present`);
    const found = service.spec.ports?.find((candidate) => candidate.port === port);
    if (found === undefined) return no('ServicePortError', `${named} is not listening on port ${port}`);
    const slices = api.list(resources.endpointSlices, {
      namespace,
      selector: { matchLabels: { [SERVICE_NAME]: name } },
    });
    if (slices.length === 0) return no('EndpointsNotFound', `cannot find endpointslices for ${named}`);
    const portName = found.name ?? '';
    if (!slices.some((slice) => isServing(slice, portName))) {
      const words = `endpointslices for ${named} have no addresses with port name ${JSON.stringify(portName)}`;
      return no('MissingEndpoints', words);
    }
    return { ip: service.spec.clusterIP ?? '', port };
  }

  /** Asks the server for its discovery document, as any client would. */
  function ask(apiService: ApiService, to: { readonly ip: string; readonly port: number }): void {
    const { name } = apiService.metadata;
    const path = `/apis/${apiService.spec.group ?? ''}/${apiService.spec.version ?? ''}`;
    const url = `https://${to.ip}:${to.port}${path}`;
    const settle = (problem: string | undefined): void => {
      if (problem === undefined)
        write(name, { status: 'True', reason: 'Passed', message: 'all checks passed' });
      else {
        const message = `failing or missing response from ${url}: ${problem}`;
        write(name, { status: 'False', reason: 'FailedDiscoveryCheck', message });
      }
    };
    const owner = 'apiserver/availability';
    const timer = simulation.after(ANSWER_WITHIN, owner, () => {
      cancel();
      settle(`Get "${url}": ${TIMED_OUT}`);
    });
    const headers = { host: `${to.ip}:${to.port}`, 'user-agent': 'Go-http-client/1.1' };
    const cancel = from.http(to, { method: 'GET', path, headers, body: '', secure: true }, (answer) => {
      timer.cancel();
      if (answer instanceof NetError) {
        const isPlain = answer.code === 'EPROTO';
        settle(
          `Get "${url}": ${isPlain ? 'http: server gave HTTP response to HTTPS client' : dialError(to, answer.code)}`,
        );
      } else if (answer.status >= 200 && answer.status < 300) settle(undefined);
      else settle(`bad status from ${url}: ${answer.status}`);
    });
  }

  function write(name: string, { status, reason, message }: Availability): void {
    const apiService = api.get(resources.apiServices, undefined, name);
    if (apiService === undefined) return;
    const others = apiService.status?.conditions?.filter(({ type }) => type !== 'Available') ?? [];
    const before = apiService.status?.conditions?.find(({ type }) => type === 'Available');
    const since = before?.status === status ? before.lastTransitionTime : undefined;
    const lastTransitionTime = since ?? simulation.timestamp();
    const conditions = [...others, { type: 'Available', status, lastTransitionTime, reason, message }];
    if (equal(conditions, apiService.status?.conditions)) return;
    try {
      api.updateStatus(
        resources.apiServices,
        edit(apiService, (draft) => {
          draft.status = { conditions };
        }),
      );
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      queue.retry(name);
    }
  }

  /** From the first server of somebody else's on: what is behind it matters. */
  function follow(): void {
    if (isFollowing) return;
    isFollowing = true;
    const changed = (namespace: string | undefined, service: string | undefined): void => {
      for (const { metadata, spec } of api.list(resources.apiServices)) {
        const { service: behind = null } = spec;
        if (behind?.name === service && behind?.namespace === namespace) queue.add(metadata.name);
      }
    };
    api.watch(resources.services, ({ object }) => changed(object.metadata.namespace, object.metadata.name));
    api.watch(resources.endpointSlices, ({ object }) =>
      changed(object.metadata.namespace, object.metadata.labels?.[SERVICE_NAME]),
    );
  }

  api.watch(resources.apiServices, ({ type, object, old }) => {
    const { service = null } = object.spec;
    if (type === 'DELETED' || (old !== undefined && equal(old.spec, object.spec))) return;
    const isLocal = service === null;
    if (isLocal && object.status?.conditions !== undefined) return;
    if (!isLocal) follow();
    queue.add(object.metadata.name);
  });
}

function isServing({ endpoints, ports }: EndpointSlice, portName: string): boolean {
  const isReady = (endpoints ?? []).some(({ conditions }) => conditions.ready !== false);
  return isReady && (ports ?? []).some(({ name }) => name === portName);
}
