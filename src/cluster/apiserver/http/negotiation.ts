import { notAcceptable } from '../status.ts';

/** How the answer is to look. https://kubernetes.io/docs/reference/using-api/api-concepts/#alternate-representations-of-resources */
export interface Representation {
  readonly format: 'json' | 'yaml';
  readonly as: 'object' | 'table' | 'metadata';
  /** What each row of a table carries beside its cells. */
  readonly includeObject: 'Metadata' | 'None' | 'Object';
  /** For people: indented, as the server does for curl and browsers. */
  readonly pretty: boolean;
}

const INCLUDE_OBJECT = new Set(['Metadata', 'None', 'Object']);

/**
 * The first form that the client accepts and that there is: protobuf and CBOR are not written here, so JSON is
 * taken instead where the client allows it (every known client does).
 * @param options.hasTable whether what is asked for can be a table
 * @throws StatusError 406
 */
export function negotiate(
  headers: Readonly<Record<string, string>>,
  query: URLSearchParams,
  { hasTable }: { readonly hasTable: boolean } = { hasTable: true },
): Representation {
  const include = query.get('includeObject') ?? '';
  const includeObject = INCLUDE_OBJECT.has(include)
    ? (include as Representation['includeObject'])
    : 'Metadata';
  const pretty = isPretty({ headers, query });
  const accept = headers['accept'] ?? '';
  if (accept === '') return { format: 'json', as: 'object', includeObject, pretty };
  for (const clause of accept.split(',')) {
    const [type = '', ...parameters] = clause.split(';').map((part) => part.trim().toLowerCase());
    const format = formatOf(type);
    const as = shapeOf(parameters);
    if (as === 'table' && !hasTable) continue;
    if (format !== undefined && as !== undefined) return { format, as, includeObject, pretty };
  }
  throw notAcceptable();
}

function formatOf(type: string): Representation['format'] | undefined {
  if (type === 'application/json' || type === '*/*' || type === 'application/*') return 'json';
  return type === 'application/yaml' ? 'yaml' : undefined;
}

function shapeOf(parameters: readonly string[]): Representation['as'] | undefined {
  const values = new Map(parameters.map((text) => text.split('=', 2) as [string, string]));
  const as = values.get('as');
  if (as === undefined)
    return values.get('stream') === undefined || values.get('stream') === 'watch' ? 'object' : undefined;
  if (values.get('g') !== 'meta.k8s.io' || !['v1', 'v1beta1'].includes(values.get('v') ?? ''))
    return undefined;
  if (as === 'table') return 'table';
  return as === 'partialobjectmetadata' || as === 'partialobjectmetadatalist' ? 'metadata' : undefined;
}

/** Whether JSON is to be indented: where the query says so, otherwise for the programs that people read answers with. */
export function isPretty({
  headers,
  query,
}: {
  readonly headers: Readonly<Record<string, string>>;
  readonly query: URLSearchParams | string;
}): boolean {
  const parameter = (typeof query === 'string' ? new URLSearchParams(query) : query).get('pretty');
  if (parameter !== null) return parameter !== 'false' && parameter !== '0';
  return /^(curl|Wget|Mozilla\/5\.0)/.test(headers['user-agent'] ?? '');
}
