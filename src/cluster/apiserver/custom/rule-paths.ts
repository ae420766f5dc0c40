import type { ValidationSchema } from './schema.ts';

const STEP = /\.([^.[\]]+)|\['((?:[^'\\]|\\.)*)'\]/y;

/**
 * The `fieldPath` of a rule as problems show it: `.spec['a.b']` is `.spec.a.b`.
 * @returns undefined where the schema has no such field
 */
export function fieldPathOf(path: string, schema: ValidationSchema): string | undefined {
  let at = 0;
  let shown = '';
  let current: ValidationSchema = schema;
  while (at < path.length) {
    STEP.lastIndex = at;
    const [step, plain, quoted] = STEP.exec(path) ?? [];
    if (step === undefined) return undefined;
    const name = plain ?? (quoted ?? '').replaceAll(/\\(.)/g, '$1');
    const field = current.properties?.[name];
    const { additionalProperties } = current;
    if (current.properties !== undefined) {
      if (field === undefined) return undefined;
      shown += `.${name}`;
      current = field;
    } else if (typeof additionalProperties === 'object') {
      shown += `[${name}]`;
      current = additionalProperties;
    } else return undefined;
    at += step.length;
  }
  return shown;
}
