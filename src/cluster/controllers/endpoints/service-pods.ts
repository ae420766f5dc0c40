import type { Pod, Service, ServicePort, SliceEndpoint, SlicePort } from '../../../model/objects.ts';
import { isPodReady } from '../../../model/pod-ready.ts';
import { isPodFinished } from '../pod-state.ts';
import { inSliceOrder } from './port-order.ts';

/** A pod that a Service leads to, with the ports that it has for the Service. */
export interface Backend {
  readonly pod: Pod;
  readonly endpoint: SliceEndpoint;
  readonly ports: readonly SlicePort[];
}

/** Whether a pod may be an endpoint at all: it has an address and its containers still run. */
export function hasAddress(pod: Pod): boolean {
  return pod.status.podIP !== undefined && !isPodFinished(pod);
}

/** The pod as a Service's endpoint. */
export function backendOf(service: Service, pod: Pod, zone: string | undefined): Backend {
  const serving = isPodReady(pod);
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const ready = service.spec.publishNotReadyAddresses === true || (serving && !terminating);
  const { namespace, name, uid } = pod.metadata;
  const hostname = hostnameFor(service, pod);
  return {
    pod,
    ports: inSliceOrder((service.spec.ports ?? []).flatMap((port) => slicePort(port, pod))),
    endpoint: {
      addresses: [pod.status.podIP ?? ''],
      conditions: { ready, serving, terminating },
      ...(hostname === undefined ? {} : { hostname }),
      ...(pod.spec.nodeName === undefined ? {} : { nodeName: pod.spec.nodeName }),
      targetRef: { kind: 'Pod', ...(namespace === undefined ? {} : { namespace }), name, uid },
      ...(zone === undefined ? {} : { zone }),
    },
  };
}

/** The name that DNS gives the pod under its governing Service. */
export function hostnameFor(service: Service, pod: Pod): string | undefined {
  const { hostname, subdomain } = pod.spec;
  const isGoverned =
    subdomain === service.metadata.name && service.metadata.namespace === pod.metadata.namespace;
  return hostname !== undefined && hostname !== '' && isGoverned ? hostname : undefined;
}

/** No port where the pod has none with the name of a named target port. */
function slicePort(port: ServicePort, pod: Pod): SlicePort[] {
  const number = targetPort(port, pod);
  if (number === undefined) return [];
  const { name = '', protocol, appProtocol } = port;
  return [{ name, port: number, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) }];
}

/** The number of a Service's target port in this pod. */
export function targetPort(port: ServicePort, pod: Pod): number | undefined {
  if (typeof port.targetPort === 'number') return port.targetPort;
  const sidecars = (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  for (const container of [...pod.spec.containers, ...sidecars]) {
    for (const candidate of container.ports ?? []) {
      if (candidate.name === port.targetPort && candidate.protocol === port.protocol) {
        return candidate.containerPort;
      }
    }
  }
  return undefined;
}

export function isHeadless(service: Service): boolean {
  return service.spec.clusterIP === 'None';
}
