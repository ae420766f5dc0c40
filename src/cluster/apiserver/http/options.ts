import { isObject } from '../../../core/json.ts';
import type { DeleteOptions } from '../../api.ts';
import type { FieldProblem } from '../pipeline.ts';
import { badRequest, invalid } from '../status.ts';
import type { ApiRequest } from '../types.ts';

/** What the query of a create, update or patch says. */
export interface WriteOptions {
  readonly dryRun: boolean;
  /** As the client named it; undefined where it did not. */
  readonly fieldManager: string | undefined;
  readonly fieldValidation: 'Strict' | 'Warn' | 'Ignore';
  readonly force: boolean;
}

const FIELD_VALIDATIONS = new Set(['', 'Ignore', 'Strict', 'Warn']);
const MANAGER_LENGTH_LIMIT = 128;

/**
 * @param kind whose options they are: errors name it
 * @throws StatusError 422
 */
export function writeOptions(
  query: URLSearchParams,
  kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions',
): WriteOptions {
  const problems: FieldProblem[] = [...dryRunProblems(query.getAll('dryRun'))];
  const fieldValidation = query.get('fieldValidation') ?? '';
  if (!FIELD_VALIDATIONS.has(fieldValidation)) {
    problems.push(unsupported('fieldValidation', `"${fieldValidation}"`, ['', 'Ignore', 'Strict', 'Warn']));
  }
  const fieldManager = query.get('fieldManager') ?? '';
  if (fieldManager.length > MANAGER_LENGTH_LIMIT) {
    const detail = `Too long: may not be more than ${MANAGER_LENGTH_LIMIT} bytes`;
    problems.push({ type: 'FieldValueTooLong', field: 'fieldManager', detail });
  }
  problems.push(...unprintable(fieldManager));
  refuse(kind, problems);
  return {
    dryRun: query.has('dryRun'),
    fieldManager: fieldManager === '' ? undefined : fieldManager,
    fieldValidation: fieldValidation === '' ? 'Warn' : (fieldValidation as WriteOptions['fieldValidation']),
    force: query.get('force') === 'true',
  };
}

/** Each character of a manager's name that could not be shown. */
function unprintable(fieldManager: string): FieldProblem[] {
  return Array.from(fieldManager).flatMap((character, position) => {
    if (/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(character)) return [];
    const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    const why = `invalid character U+${code} (at position ${position})`;
    return [
      {
        type: 'FieldValueInvalid',
        field: 'fieldManager',
        detail: `Invalid value: ${quoted(fieldManager)}: ${why}`,
      },
    ];
  });
}

/** A text between quotation marks as Go's `%q` has it. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(/\\u00([0-9a-f]{2})/g, '\\x$1');
}

/** Who owns what is written: the named manager, or the client program. */
export function managerOf(request: ApiRequest, fieldManager: string | undefined): string {
  if (fieldManager !== undefined) return fieldManager;
  const [program = ''] = (request.headers['user-agent'] ?? '').split('/');
  return program.replace(/[^\x20-\x7e]/g, '').slice(0, MANAGER_LENGTH_LIMIT) || 'unknown';
}

/** Options of a DELETE: from its body where it has one, otherwise from the query. */
export interface DeleteRequestOptions extends DeleteOptions {
  readonly dryRun: boolean;
}

/** @throws StatusError 400 or 422 */
export function deleteOptions(query: URLSearchParams, body: unknown): DeleteRequestOptions {
  const sent = isObject(body) ? body : fromQuery(query);
  const dryRun = Array.isArray(sent['dryRun']) ? sent['dryRun'].map(String) : [];
  const policy = sent['propagationPolicy'];
  const orphan = sent['orphanDependents'];
  const problems = [...dryRunProblems(dryRun)];
  if (typeof policy === 'string' && policy !== '') {
    if (typeof orphan === 'boolean') {
      const detail = `Invalid value: "${policy}": orphanDependents and deletionPropagation cannot be both set`;
      problems.push({ type: 'FieldValueInvalid', field: 'propagationPolicy', detail });
    } else if (!['Foreground', 'Background', 'Orphan'].includes(policy)) {
      const supported = ['Foreground', 'Background', 'Orphan', 'nil'];
      problems.push(unsupported('propagationPolicy', `"${policy}"`, supported));
    }
  }
  refuse('DeleteOptions', problems);
  const { gracePeriodSeconds } = sent;
  const preconditions = isObject(sent['preconditions']) ? sent['preconditions'] : {};
  const { uid, resourceVersion } = preconditions;
  return {
    dryRun: dryRun.length > 0,
    ...(typeof gracePeriodSeconds === 'number' && { gracePeriodSeconds }),
    ...(typeof policy === 'string' && policy !== '' && { propagationPolicy: policy as 'Background' }),
    ...(orphan === true && { propagationPolicy: 'Orphan' as const }),
    preconditions: {
      ...(typeof uid === 'string' && { uid }),
      ...(typeof resourceVersion === 'string' && { resourceVersion }),
    },
  };
}

function fromQuery(query: URLSearchParams): Record<string, unknown> {
  const seconds = query.get('gracePeriodSeconds');
  if (seconds !== null && !/^-?\d+$/.test(seconds)) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(seconds)}: invalid syntax`);
  }
  return {
    dryRun: query.getAll('dryRun'),
    propagationPolicy: query.get('propagationPolicy') ?? undefined,
    ...(query.has('orphanDependents') && { orphanDependents: query.get('orphanDependents') === 'true' }),
    ...(seconds !== null && { gracePeriodSeconds: Number(seconds) }),
  };
}

function dryRunProblems(values: readonly string[]): FieldProblem[] {
  if (values.every((value) => value === 'All')) return [];
  return [unsupported('dryRun', JSON.stringify(values), ['All'])];
}

function unsupported(field: string, value: string, supported: readonly string[]): FieldProblem {
  const values = supported.map((text) => `"${text}"`).join(', ');
  return {
    type: 'FieldValueNotSupported',
    field,
    detail: `Unsupported value: ${value}: supported values: ${values}`,
  };
}

function refuse(kind: string, problems: readonly FieldProblem[]): void {
  if (problems.length > 0) throw invalid({ group: 'meta.k8s.io', kind }, '', problems);
}
