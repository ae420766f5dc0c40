import { define, method, type Overload } from '../library.ts';
import { ExpressionError, type MapValue, Opaque } from '../values.ts';

const URL_TYPE = 'kubernetes.URL';
const SYNTAX =
  /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/(?:[^/?#@]*@)?((?:\[[^\]/?#]*\]|[^:/?#[\]]*)(?::(\d*))?))?(\/[^?#]*)?(?:\?([^#]*))?(?:#.*)?$/;

class UrlValue extends Opaque {
  readonly type = URL_TYPE;
  readonly text: string;
  readonly scheme: string;
  /** With the port. */
  readonly host: string;
  readonly port: string;
  readonly path: string;
  readonly query: string;

  constructor(text: string, found: RegExpExecArray) {
    super();
    this.text = text;
    [, this.scheme = '', this.host = '', this.port = '', this.path = '', this.query = ''] = found;
  }

  override equals(other: Opaque): boolean {
    return other instanceof UrlValue && other.text === this.text;
  }
}

/** What a request line may have: an absolute URL or a path. */
function parse(text: string): UrlValue | string {
  if (text === '') return `parse "": empty url`;
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001F\u007F]/.test(text))
    return `parse ${JSON.stringify(text)}: net/url: invalid control character in URL`;
  const found = SYNTAX.exec(text);
  const isAbsolute = /^[a-zA-Z][a-zA-Z0-9+.-]*:/.test(text);
  if (found === null || /[ "<>^`{|}\\]/.test(found[2] ?? '') || (!isAbsolute && !text.startsWith('/'))) {
    return `parse ${JSON.stringify(text)}: invalid URI for request`;
  }
  return new UrlValue(text, found);
}

function url(text: string): UrlValue {
  const parsed = parse(text);
  if (typeof parsed !== 'string') return parsed;
  throw new ExpressionError(`URL parse error during conversion from string: ${parsed}`);
}

/** What is wrong with a URI, for the format of that name. */
export function uriProblem(text: string): string | undefined {
  const parsed = parse(text);
  return typeof parsed === 'string' ? parsed : undefined;
}

function queryOf({ query }: UrlValue): MapValue {
  const result = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(query)) {
    const values = result.get(name);
    if (values === undefined) result.set(name, [value]);
    else values.push(value);
  }
  return result;
}

const part = (name: string, of: (url: UrlValue) => string): Overload =>
  method<[UrlValue]>(URL_TYPE, name, [], 'string', of);

/** https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-url-library */
export const urls: readonly Overload[] = [
  define<[string]>('url', ['string'], URL_TYPE, url),
  define<[string]>('isURL', ['string'], 'bool', (text) => uriProblem(text) === undefined),
  part('getScheme', ({ scheme }) => scheme.toLowerCase()),
  part('getHost', ({ host }) => host),
  part('getHostname', ({ host, port }) =>
    (port === '' ? host.replace(/:$/, '') : host.slice(0, -port.length - 1)).replaceAll(/[[\]]/g, ''),
  ),
  part('getPort', ({ port }) => port),
  part('getEscapedPath', ({ path }) => path),
  method<[UrlValue]>(URL_TYPE, 'getQuery', [], 'map(string, list(string))', queryOf),
];
