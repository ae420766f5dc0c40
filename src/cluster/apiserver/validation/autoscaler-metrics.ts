import { parseQuantity } from '../../../model/quantity.ts';
import type { Quantity } from '../../../model/objects.ts';
import type { MetricTarget } from '../defaults/policy.ts';
import { pathSegmentProblems } from './formats.ts';
import type { Problems } from './problems.ts';

interface Identifier {
  readonly name?: string;
}
/** What metrics of all kinds are described with; each has some of it. */
interface Source {
  readonly name?: string;
  readonly container?: string;
  readonly metric?: Identifier;
  readonly describedObject?: { readonly kind?: string; readonly name?: string };
  readonly target?: Partial<MetricTarget>;
}
export type Metric = Readonly<Record<string, Source | string | undefined>>;

const TYPES = ['ContainerResource', 'External', 'Object', 'Pods', 'Resource'];
const TARGET_TYPES = ['Utilization', 'Value', 'AverageValue'];

/** How each kind of metric is checked, in the order in which they are looked for. */
const SOURCES: Readonly<Record<string, (problems: Problems, field: string, source: Source) => void>> = {
  object(problems, field, { describedObject = {}, metric, target = {} }) {
    checkReference(problems, `${field}.describedObject`, describedObject);
    checkIdentifier(problems, `${field}.metric`, metric);
    checkTarget(problems, `${field}.target`, target);
    if (target.value !== undefined || target.averageValue !== undefined) return;
    problems.required(`${field}.target.averageValue`, 'must set either a target value or averageValue');
  },
  external(problems, field, { metric, target = {} }) {
    checkIdentifier(problems, `${field}.metric`, metric);
    checkTarget(problems, `${field}.target`, target);
    const [hasValue, hasAverage] = [target.value, target.averageValue].map((value) => value !== undefined);
    if (hasValue !== true && hasAverage !== true) {
      const why = 'must set either a target value for metric or a per-pod target';
      problems.required(`${field}.target.averageValue`, why);
    } else if (hasValue === true && hasAverage === true) {
      const why = 'may not set both a target value for metric and a per-pod target';
      problems.forbidden(`${field}.target.value`, why);
    }
  },
  pods(problems, field, { metric, target = {} }) {
    checkIdentifier(problems, `${field}.metric`, metric);
    checkTarget(problems, `${field}.target`, target);
    if (target.averageValue !== undefined) return;
    problems.required(`${field}.target.averageValue`, 'must specify a positive target averageValue');
  },
  resource(problems, field, { name = '', target = {} }) {
    if (name === '') problems.required(`${field}.name`, 'must specify a resource name');
    checkResourceTarget(problems, `${field}.target`, target);
  },
  containerResource(problems, field, { name = '', container = '', target = {} }) {
    if (name === '') problems.required(`${field}.name`, 'must specify a resource name');
    if (container === '') problems.required(`${field}.container`, 'must specify a container');
    checkResourceTarget(problems, `${field}.target`, target);
  },
};

/** Of a HorizontalPodAutoscaler: what it looks at, described in the one way that its type names. */
export function checkMetric(problems: Problems, field: string, metric: Metric): void {
  const { type } = metric;
  if (typeof type !== 'string' || type === '') {
    problems.required(`${field}.type`, 'must specify a metric source type');
    return;
  }
  problems.oneOf(`${field}.type`, type, TYPES);
  const present = Object.keys(SOURCES).filter((name) => metric[name] !== undefined);
  const [first] = present;
  const source = first === undefined ? undefined : metric[first];
  if (first !== undefined && typeof source === 'object')
    SOURCES[first]?.(problems, `${field}.${first}`, source);
  if (!TYPES.includes(type)) return;
  const wanted = type.charAt(0).toLowerCase() + type.slice(1);
  if (!present.includes(wanted)) {
    problems.required(`${field}.${wanted}`, 'must populate information for the given metric source');
  }
  if (present.length < 2) return;
  for (const name of present.filter((other) => other !== wanted)) {
    problems.forbidden(`${field}.${name}`, 'must populate the given metric source only');
  }
}

/** Something by kind and name, both of which are parts of a path. */
export function checkReference(
  problems: Problems,
  field: string,
  { kind = '', name = '' }: { readonly kind?: string | undefined; readonly name?: string | undefined },
): void {
  for (const [part, value] of Object.entries({ kind, name })) {
    if (value === '') problems.required(`${field}.${part}`);
    else problems.invalidFor(`${field}.${part}`, value, pathSegmentProblems(value));
  }
}

function checkIdentifier(problems: Problems, field: string, { name = '' }: Identifier = {}): void {
  if (name === '') problems.required(`${field}.name`, 'must specify a metric name');
  else problems.invalidFor(`${field}.name`, name, pathSegmentProblems(name));
}

function checkResourceTarget(problems: Problems, field: string, target: Partial<MetricTarget>): void {
  checkTarget(problems, field, target);
  const { averageUtilization, averageValue } = target;
  if (averageUtilization !== undefined && averageValue !== undefined) {
    const why = 'may not set both a target raw value and a target utilization';
    problems.forbidden(`${field}.averageValue`, why);
  } else if (averageUtilization === undefined && averageValue === undefined) {
    const why = 'must set either a target raw value or a target utilization';
    problems.required(`${field}.averageUtilization`, why);
  }
}

function checkTarget(problems: Problems, field: string, target: Partial<MetricTarget>): void {
  const { type = '', value, averageValue, averageUtilization } = target;
  if (type === '') problems.required(`${field}.type`, 'must specify a metric target type');
  if (!TARGET_TYPES.includes(type)) {
    problems.invalid(`${field}.type`, type, 'must be either Utilization, Value, or AverageValue');
  }
  checkPositive(problems, `${field}.value`, value);
  checkPositive(problems, `${field}.averageValue`, averageValue);
  if (averageUtilization !== undefined && averageUtilization < 1) {
    problems.invalid(`${field}.averageUtilization`, averageUtilization, 'must be greater than 0');
  }
}

function checkPositive(problems: Problems, field: string, value: Quantity | undefined): void {
  if (value === undefined || parseQuantity(value).nanos > 0n) return;
  problems.invalid(field, String(value), 'must be positive');
}
