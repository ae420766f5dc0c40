import { labelKeyProblems } from '../../../model/label-syntax.ts';
import { amountIn } from '../../../model/pod-requests.ts';
import { compareQuantities, parseQuantity } from '../../../model/quantity.ts';
import type {
  Container,
  PodSpec,
  Quantity,
  ResourceList,
  ResourceRequirements,
} from '../../../model/objects.ts';
import type { Draft } from '../defaults/draft.ts';
import { usageOfContainers } from '../defaults/pod-usage.ts';
import type { Problems } from './problems.ts';

const STANDARD = new Set(['cpu', 'memory', 'ephemeral-storage']);
/** Names without a domain that mean something, though not for a container. */
const NATIVE = new Set([
  'storage',
  'pods',
  'services',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'nodes',
]);
const HUGE_PAGES = 'hugepages-';
const ONE = 10n ** 9n;

type Resources = Draft<ResourceRequirements>;

/** https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/ */
export function checkContainerResources(
  problems: Problems,
  field: string,
  resources: Resources | undefined,
): void {
  if (resources === undefined) return;
  const { limits = {}, requests = {} } = resources as ResourceRequirements;
  for (const [name, quantity] of Object.entries(limits)) {
    checkName(problems, `${field}.limits[${name}]`, name);
    checkAmount(problems, `${field}.limits[${name}]`, name, quantity);
  }
  for (const [name, quantity] of Object.entries(requests)) {
    checkName(problems, `${field}.requests[${name}]`, name);
    checkAmount(problems, `${field}.requests[${name}]`, name, quantity);
    const limit = amountIn(limits, name);
    if (limit !== undefined) checkAgainstLimit(problems, `${field}.requests`, name, [quantity, limit]);
    else if (!mayExceedNode(name)) {
      problems.required(`${field}.limits`, 'Limit must be set for non overcommitable resources');
    }
  }
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  if (
    names.some((name) => name.startsWith(HUGE_PAGES)) &&
    !names.includes('cpu') &&
    !names.includes('memory')
  ) {
    problems.forbidden(field, 'HugePages require cpu or memory');
  }
}

function checkName(problems: Problems, field: string, name: string): void {
  if (STANDARD.has(name) || name.startsWith(HUGE_PAGES)) return;
  problems.invalidFor(field, name, labelKeyProblems(name));
  if (name.includes('/')) return;
  if (!NATIVE.has(name)) problems.invalid(field, name, 'must be a standard resource type or fully qualified');
  problems.invalid(field, name, 'must be a standard resource for containers');
}

function checkAmount(problems: Problems, field: string, name: string, quantity: Quantity): void {
  const { nanos } = parseQuantity(quantity);
  if (nanos < 0n) problems.invalid(field, String(quantity), 'must be greater than or equal to 0');
  if (name.startsWith(HUGE_PAGES)) {
    const page = parseQuantity(name.slice(HUGE_PAGES.length)).nanos;
    if (nanos % page !== 0n) {
      problems.invalid(field, String(quantity), `${quantity} is not positive integer multiple of ${name}`);
    }
  } else if (!STANDARD.has(name) && nanos % ONE !== 0n)
    problems.invalid(field, String(quantity), 'must be an integer');
}

/** What can be promised to more than fits on a node. */
function mayExceedNode(name: string): boolean {
  return !name.startsWith(HUGE_PAGES) && (!name.includes('/') || /^([^/]*\.)?kubernetes\.io\//.test(name));
}

function checkAgainstLimit(
  problems: Problems,
  field: string,
  name: string,
  [request, limit]: readonly [Quantity, Quantity],
): void {
  const difference = compareQuantities(request, limit);
  if (difference !== 0 && !mayExceedNode(name)) {
    problems.invalid(field, String(request), `must be equal to ${name} limit of ${limit}`);
  } else if (difference > 0) {
    problems.invalid(field, String(request), `must be less than or equal to ${name} limit of ${limit}`);
  }
}

/** What a pod says of itself: CPU and memory (and huge pages), and no less than its containers together. */
export function checkPodResources(problems: Problems, field: string, spec: Draft<PodSpec>): void {
  const own = spec.resources as ResourceRequirements | undefined;
  if (own === undefined) return;
  for (const which of ['limits', 'requests'] as const) {
    for (const name of Object.keys(own[which] ?? {})) {
      if (name === 'cpu' || name === 'memory' || name.startsWith(HUGE_PAGES)) continue;
      problems.unsupported(`${field}.${which}[${name}]`, name, ['cpu', 'hugepages-', 'memory']);
    }
  }
  checkContainerResources(problems, field, own);
  const together: ResourceList = usageOfContainers(spec, 'requests');
  for (const [name, request] of Object.entries(own.requests ?? {})) {
    const needed = amountIn(together, name);
    if (needed === undefined || compareQuantities(request, needed) >= 0) continue;
    problems.invalid(
      `${field}.requests[${name}]`,
      String(request),
      `must be greater than or equal to aggregate container requests of ${needed}`,
    );
  }
  checkContainerLimits(problems, spec, own.limits ?? {});
}

function checkContainerLimits(problems: Problems, spec: Draft<PodSpec>, limits: ResourceList): void {
  (spec.containers ?? []).forEach((container, index) => {
    for (const [name, most] of Object.entries(limits)) {
      const limit = amountIn(container.resources?.limits, name);
      if (limit === undefined || compareQuantities(limit, most) <= 0) continue;
      const field = `spec.containers[${index}].resources.limits`;
      problems.invalid(field, String(limit), `must be less than or equal to pod limits of ${most}`);
    }
  });
}

/** https://kubernetes.io/docs/tasks/configure-pod-container/resize-container-resources/#container-resize-policies */
export function checkResizePolicy(
  problems: Problems,
  field: string,
  container: Draft<Container>,
  restartPolicy: string | undefined,
): void {
  const seen = new Set<string>();
  (container.resizePolicy ?? []).forEach(({ resourceName = '', restartPolicy: onResize = '' }, index) => {
    if (seen.has(resourceName)) problems.duplicate(`${field}[${index}]`, resourceName);
    seen.add(resourceName);
    problems.oneOf(field, resourceName, ['cpu', 'memory']);
    problems.oneOf(field, onResize, ['NotRequired', 'RestartContainer']);
    if (restartPolicy === 'Never' && onResize === 'RestartContainer') {
      problems.invalid(field, onResize, "must be 'NotRequired' when pod `restartPolicy` is 'Never'");
    }
  });
}
