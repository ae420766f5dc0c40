import { pageNotFound, textResponse } from './responses.ts';
import type { CompleteResponse } from './responses.ts';

const PLAIN = 'text/plain; charset=utf-8';

const START_HOOKS = [
  'start-apiserver-admission-initializer',
  'generic-apiserver-start-informers',
  'priority-and-fairness-config-consumer',
  'priority-and-fairness-filter',
  'storage-object-count-tracker-hook',
  'start-apiextensions-informers',
  'start-apiextensions-controllers',
  'crd-informer-synced',
  'start-system-namespaces-controller',
  'peer-endpoint-reconciler-controller',
  'start-cluster-authentication-info-controller',
  'start-kube-apiserver-identity-lease-controller',
  'start-kube-apiserver-identity-lease-garbage-collector',
  'storage-readiness',
  'start-legacy-token-tracking-controller',
  'start-service-ip-repair-controllers',
  'rbac/bootstrap-roles',
  'scheduling/bootstrap-system-priority-classes',
  'priority-and-fairness-config-producer',
  'bootstrap-controller',
  'start-kubernetes-service-cidr-controller',
  'aggregator-reload-proxy-client-cert',
  'start-kube-aggregator-informers',
  'apiservice-status-local-available-controller',
  'apiservice-status-remote-available-controller',
  'apiservice-registration-controller',
  'apiservice-discovery-controller',
  'kube-apiserver-autoregistration',
].map((name) => `poststarthook/${name}`);
const LAST_HOOKS = [
  'autoregister-completion',
  'poststarthook/apiservice-openapi-controller',
  'poststarthook/apiservice-openapiv3-controller',
];

const ALIVE = ['ping', 'log', 'loopback-serving-certificate', 'etcd', ...START_HOOKS, ...LAST_HOOKS];
/** By endpoint. */
export const HEALTH_CHECKS: Readonly<Record<string, readonly string[]>> = {
  healthz: ALIVE,
  livez: ALIVE,
  readyz: [
    'ping',
    'log',
    'etcd',
    'etcd-readiness',
    'informer-sync',
    ...START_HOOKS,
    ...LAST_HOOKS,
    'shutdown',
  ],
};

/** Every path that is answered here. */
export const healthPaths: readonly string[] = Object.entries(HEALTH_CHECKS).flatMap(([endpoint, checks]) => [
  `/${endpoint}`,
  ...checks.map((check) => `/${endpoint}/${check}`),
]);

/** Whether a path is one of the health endpoints. */
export function isHealthPath(segments: readonly string[]): boolean {
  return Object.hasOwn(HEALTH_CHECKS, segments[0] ?? '');
}

/** `/healthz`, `/livez`, `/readyz` and their single checks: a simulated server is always well. */
export function serveHealth(segments: readonly string[], query: URLSearchParams): CompleteResponse {
  const [endpoint = '', ...check] = segments;
  const checks = HEALTH_CHECKS[endpoint] ?? [];
  const headers = { 'x-content-type-options': 'nosniff' };
  if (check.length > 0) {
    return checks.includes(check.join('/')) ? textResponse(200, PLAIN, 'ok', headers) : pageNotFound();
  }
  if (!query.has('verbose')) return textResponse(200, PLAIN, 'ok', headers);
  const excluded = new Set(query.getAll('exclude'));
  const lines = checks.map((name) => `[+]${name}${excluded.has(name) ? ' excluded:' : ''} ok\n`).join('');
  const unknown = [...excluded].filter((name) => !checks.includes(name)).sort();
  const warning =
    unknown.length === 0
      ? ''
      : `warn: some health checks cannot be excluded: no matches for ${unknown.map((name) => JSON.stringify(name)).join(',')}\n`;
  return textResponse(200, PLAIN, `${lines}${warning}${endpoint} check passed\n`, headers);
}
