import { isObject } from '../../../core/json.ts';

/** One step of a path. */
type Step =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'all' }
  | { readonly kind: 'filter'; readonly path: readonly Step[]; readonly value: string };

const FIELD = /^\.((?:\\.|[^.[\\])+)/;
const QUOTED = /^\[(['"])((?:\\.|(?!\1).)*)\1\]/;
const INDEX = /^\[(-?\d+)\]/;
const FILTER = /^\[\?\(\s*@((?:\.|\[)[^=]*?)\s*==\s*(?:"([^"]*)"|'([^']*)'|([\w.-]+))\s*\)\]/;
const ALL = /^(?:\[\*\]|\.\*)/;

/**
 * The values at a simple JSONPath, as CustomResourceDefinitions use it for columns, scale and selectable fields.
 * A path that cannot be read has none.
 * https://kubernetes.io/docs/reference/kubectl/jsonpath/
 */
export function valuesAt(object: unknown, path: string): readonly unknown[] {
  const steps = stepsOf(path);
  return steps === undefined ? [] : follow(object, steps);
}

/** The names along a path that has nothing but fields; undefined for any other. */
export function fieldNames(path: string): readonly string[] | undefined {
  const names = stepsOf(path)?.map((step) => (step.kind === 'field' ? step.name : undefined));
  return names?.every((name) => name !== undefined) === true ? names : undefined;
}

function follow(object: unknown, steps: readonly Step[]): readonly unknown[] {
  let values: readonly unknown[] = [object];
  for (const step of steps) values = values.flatMap((value) => next(value, step));
  return values;
}

function next(value: unknown, step: Step): readonly unknown[] {
  switch (step.kind) {
    case 'field': {
      const found = isObject(value) ? value[step.name] : undefined;
      return found === undefined ? [] : [found];
    }
    case 'index': {
      const found: unknown = Array.isArray(value) ? value.at(step.index) : undefined;
      return found === undefined ? [] : [found];
    }
    case 'all':
      if (Array.isArray(value)) return value;
      return isObject(value) ? Object.values(value) : [];
    case 'filter':
      if (!Array.isArray(value)) return [];
      return value.filter((item) => follow(item, step.path).some((found) => String(found) === step.value));
  }
}

function stepsOf(path: string): readonly Step[] | undefined {
  const steps: Step[] = [];
  let rest = path.replace(/^\{(.*)\}$/, '$1').replace(/^\$/, '');
  while (rest !== '') {
    const read = stepAt(rest);
    if (read === undefined) return undefined;
    steps.push(read.step);
    rest = rest.slice(read.length);
  }
  return steps;
}

function stepAt(text: string): { readonly step: Step; readonly length: number } | undefined {
  const all = ALL.exec(text);
  if (all !== null) return { step: { kind: 'all' }, length: all[0].length };
  const field = FIELD.exec(text);
  if (field !== null) {
    return { step: { kind: 'field', name: unescaped(field[1] ?? '') }, length: field[0].length };
  }
  const quoted = QUOTED.exec(text);
  if (quoted !== null) {
    return { step: { kind: 'field', name: unescaped(quoted[2] ?? '') }, length: quoted[0].length };
  }
  const index = INDEX.exec(text);
  if (index !== null) return { step: { kind: 'index', index: Number(index[1]) }, length: index[0].length };
  const filter = FILTER.exec(text);
  if (filter === null) return undefined;
  const path = stepsOf(filter[1] ?? '');
  const value = filter[2] ?? filter[3] ?? filter[4] ?? '';
  return path === undefined ? undefined : { step: { kind: 'filter', path, value }, length: filter[0].length };
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, '$1');
}
