import type { PodMetrics, Status } from '../../model/objects.ts';
import { StatusError } from '../api.ts';
import type { ApiServer } from '../apiserver/api-server.ts';
import type { PodMetricsSource } from '../controllers/autoscaling/resource-metrics.ts';
import { METRICS_GROUP, METRICS_VERSION } from './metrics-api.ts';

const SERVICE_ACCOUNTS = ['system:serviceaccounts', 'system:serviceaccounts:kube-system'];
const NO_BODY = new Uint8Array();

/**
 * Asks for pod metrics as a controller does: with a request that is authenticated, authorized and passed on to whoever
 * serves metrics.k8s.io. Its errors have client-go's words.
 * @param account a service account of kube-system
 */
export function podMetricsClient(apiServer: Pick<ApiServer, 'handle'>, account: string): PodMetricsSource {
  return (namespace, selector) => {
    const answer = apiServer.handle(
      {
        method: 'GET',
        path: `/apis/${METRICS_GROUP}/${METRICS_VERSION}/namespaces/${namespace}/pods`,
        query: `labelSelector=${encodeURIComponent(selector)}`,
        headers: {},
        body: NO_BODY,
        certificate: {
          commonName: `system:serviceaccount:kube-system:${account}`,
          organizations: SERVICE_ACCOUNTS,
        },
      },
      'inside',
    );
    if (answer.kind !== 'complete') throw new Error(`a ${answer.kind} instead of a list`);
    const text = new TextDecoder().decode(answer.body);
    if (answer.status === 200) return (JSON.parse(text) as { items: PodMetrics[] }).items;
    throw problemOf(answer.status, text);
  };
}

function problemOf(code: number, text: string): StatusError {
  const failure = { apiVersion: 'v1', kind: 'Status', metadata: {}, status: 'Failure', code } as const;
  const request = '(get pods.metrics.k8s.io)';
  if (code === 404) {
    const message = `the server could not find the requested resource ${request}`;
    return new StatusError({ ...failure, message, reason: 'NotFound' });
  }
  if (code === 503) {
    const message = `the server is currently unable to handle the request ${request}`;
    return new StatusError({ ...failure, message, reason: 'ServiceUnavailable' });
  }
  return new StatusError({ ...(JSON.parse(text) as Status), code });
}
