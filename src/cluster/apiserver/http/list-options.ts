import { ParseError } from '../../../model/parse-error.ts';
import { parseFieldSelector, parseLabelSelector } from '../../../model/selector.ts';
import type { FieldRequirement, Requirement } from '../../../model/selector.ts';
import { badRequest, invalid } from '../status.ts';
import { isTrue } from './query.ts';

/** What the query of a list, a watch or a deletecollection says. */
export interface ListOptions {
  readonly labels: readonly Requirement[];
  readonly fields: readonly FieldRequirement[];
  /** 0: no limit. */
  readonly limit: number;
  readonly continue: string;
  /** Empty: not given. */
  readonly resourceVersion: string;
  readonly resourceVersionMatch: '' | 'Exact' | 'NotOlderThan';
  readonly watch: boolean;
  readonly allowWatchBookmarks: boolean;
  readonly sendInitialEvents: boolean;
}

/** @throws StatusError 400 or 422 */
export function listOptions(query: URLSearchParams): ListOptions {
  const watch = isTrue(query.get('watch'));
  const resourceVersion = query.get('resourceVersion') ?? '';
  const limit = integerIn(query, 'limit');
  // Whoever keeps the connection ends it then.
  integerIn(query, 'timeoutSeconds');
  const options: ListOptions = {
    labels: parsed(parseLabelSelector, query.get('labelSelector')),
    fields: parsed(parseFieldSelector, query.get('fieldSelector')),
    limit,
    continue: query.get('continue') ?? '',
    resourceVersion,
    resourceVersionMatch: (query.get('resourceVersionMatch') ?? '') as ListOptions['resourceVersionMatch'],
    watch,
    allowWatchBookmarks: isTrue(query.get('allowWatchBookmarks')),
    sendInitialEvents: isTrue(query.get('sendInitialEvents')),
  };
  checkVersionMatch(options, query.has('sendInitialEvents'));
  if (!/^\d*$/.test(resourceVersion)) {
    const problem = `strconv.ParseUint: parsing "${resourceVersion}": invalid syntax`;
    throw badRequest(
      `invalid resource version: resourceVersion: Invalid value: "${resourceVersion}": ${problem}`,
    );
  }
  return options;
}

/** @returns 0 where it is not given */
function integerIn(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? '';
  if (!/^-?\d*$/.test(text)) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  return Number(text);
}

function parsed<T>(parse: (text: string) => T[], text: string | null): T[] {
  if (text === null || text === '') return [];
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof ParseError) throw badRequest(error.message);
    throw error;
  }
}

/** https://kubernetes.io/docs/reference/using-api/api-concepts/#semantics-for-get-and-list */
function checkVersionMatch(options: ListOptions, initialEventsGiven: boolean): void {
  const { resourceVersion, resourceVersionMatch: match, watch } = options;
  const forbid = (field: string, why: string): never => {
    throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', [
      { type: 'FieldValueForbidden', field, detail: `Forbidden: ${why}` },
    ]);
  };
  if (initialEventsGiven && !watch) forbid('sendInitialEvents', 'sendInitialEvents is forbidden for list');
  if (initialEventsGiven && match !== 'NotOlderThan') {
    forbid('resourceVersionMatch', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan');
  }
  if (match === '') return;
  if (watch) {
    if (!initialEventsGiven) {
      forbid(
        'resourceVersionMatch',
        'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
      );
    }
    return;
  }
  if (resourceVersion === '') {
    forbid('resourceVersionMatch', 'resourceVersionMatch is forbidden unless resourceVersion is provided');
  }
  if (options.continue !== '') {
    forbid('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided');
  }
  if (!['Exact', 'NotOlderThan'].includes(match)) {
    throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', [
      {
        type: 'FieldValueNotSupported',
        field: 'resourceVersionMatch',
        detail: `Unsupported value: "${match}": supported values: "Exact", "NotOlderThan", ""`,
      },
    ]);
  }
  if (match === 'Exact' && resourceVersion === '0') {
    forbid('resourceVersionMatch', 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
  }
}
