import type { Facts } from '../facts.ts';
import { cacheChanges } from './dns-cache.ts';
import { coredns, corefile } from './dns.ts';
import type { Edit } from './edit.ts';

/**
 * What a learner does who has understood the ticket, where that is not to put everything back: a release is wanted,
 * or what the fault took away is only a part of it.
 */
export function remedies(facts: Facts): readonly (readonly Edit[])[] {
  const all = facts.differences.map(({ of }): Edit => ({ edit: 'put-back', of }));
  const others = facts.differences
    .filter(({ of }) => of !== facts.workload)
    .map(({ of, kind }): Edit =>
      // The type of a secret cannot be changed.
      kind === 'changed' && of.startsWith('secrets/')
        ? { edit: 'recreate', of, as: 'healthy' }
        : { edit: 'put-back', of },
    );
  const kept = cacheRepairs(facts);
  // Half of the repairs are of the cache alone, half put everything back.
  if (kept.length > 0) return [...kept, ...kept.map(() => all)];
  const own = remediesOf(facts);
  return own === undefined ? [all] : own.map((edits) => [...others, ...edits]);
}

/** By the scenario; undefined where all is to be put back. */
function remediesOf(facts: Facts): Edit[][] | undefined {
  const { scenario, values, workload, container, limits } = facts;
  const inContainer = (fields: object): Edit => inTemplate({ containers: [{ name: container, ...fields }] });
  const inTemplate = (spec: object): Edit => ({
    edit: 'patch',
    of: workload,
    type: 'strategic',
    body: { spec: { template: { spec } } },
  });
  const tag = typeof values['release'] === 'string' ? values['release'] : '1.5.0';
  const release = `registry.shop.test:5000/shop:${tag}`;
  switch (scenario) {
    case 'image-tag-typo':
      return [
        [inContainer({ image: release })],
        [{ edit: 'undo', of: workload }, inContainer({ image: release })],
        [inContainer({ image: release, imagePullPolicy: 'Always' })],
      ];
    case 'image-pull-secret': {
      const path = '/spec/template/spec/imagePullSecrets';
      return [
        [{ edit: 'put-back', of: workload, path }],
        [
          { edit: 'put-back', of: workload, path },
          { edit: 'restart', of: workload },
        ],
      ];
    }
    case 'image-pull-policy':
      return values['cause'] === 'never'
        ? [[inContainer({ imagePullPolicy: 'IfNotPresent' })], [inContainer({ imagePullPolicy: 'Always' })]]
        : [[inContainer({ imagePullPolicy: 'IfNotPresent' })]];
    case 'oom-limit':
      return limits.map((memory) => [inContainer({ resources: { limits: { memory } } })]);
    case 'liveness-too-eager':
      return [
        [{ edit: 'put-back', of: workload }],
        [inContainer({ livenessProbe: { initialDelaySeconds: 60 } })],
        [
          inContainer({
            startupProbe: {
              httpGet: { path: '/healthz', port: 'http' },
              periodSeconds: 5,
              failureThreshold: 24,
            },
          }),
        ],
      ];
    case 'oom-leak':
      return [
        [{ edit: 'put-back', of: workload }],
        [
          inContainer({
            env: [
              { name: 'CACHE_RECEIPTS', value: '32' },
              { name: 'REPORT_BATCH_ROWS', value: '200' },
            ],
          }),
        ],
      ];
    default:
      return undefined;
  }
}

/** A word or two of the Corefile, and a restart; the rest may stay as the fault has left it. */
function cacheRepairs(facts: Facts): Edit[][] {
  return cacheChanges(facts).right.map((change) => [
    { edit: 'corefile', of: corefile, change },
    { edit: 'restart', of: coredns },
  ]);
}
