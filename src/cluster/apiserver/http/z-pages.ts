import { stringify } from 'yaml';
import { goJson, goJsonLine } from '../../../core/go-json.ts';
import { type Micros, SECOND } from '../../simulation/simulation.ts';
import { flagDefaults, listFlags } from '../data/server-flags.ts';
import { statusError } from '../status.ts';
import type { ApiRequest } from '../types.ts';
import { type CompleteResponse, textResponse, warningHeader } from './responses.ts';

const GROUP = 'config.k8s.io';
const PLAIN = 'text/plain; charset=utf-8';
const WARNING =
  'Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees and is for debugging purposes only.';

/** What stands between a name and its value, so that nobody relies on it: a real server draws one for each answer. */
const SEPARATORS = [':', ': ', '=', ' '];

/** The paths that `/statusz` names. */
const PATHS = ['/flagz', '/healthz', '/livez', '/metrics', '/readyz', '/statusz', '/version'];

/** What the pages tell of. */
export interface ServerFacts {
  readonly startedAt: Micros;
  readonly now: Micros;
  readonly goVersion: string;
  /** `v1.36.3` */
  readonly gitVersion: string;
  /** `name=value`, as on the command line. */
  readonly flags: readonly string[];
}

/** `/statusz`. https://kubernetes.io/docs/reference/instrumentation/zpages/#statusz @throws StatusError 406 */
export function serveStatusz(request: ApiRequest, server: ServerFacts): CompleteResponse {
  const { startedAt, now, goVersion, gitVersion } = server;
  const form = formOf(request, 'Statusz');
  const uptimeSeconds = Math.floor((now - startedAt) / SECOND);
  const started = new Date(Math.floor(startedAt / 1000));
  const binaryVersion = gitVersion.replace(/^v/, '');
  const emulationVersion = binaryVersion.replace(/\.\d+$/, '');
  if (form !== undefined) {
    const startTime = `${started.toISOString().slice(0, 19)}Z`;
    const rest = { startTime, uptimeSeconds, goVersion, binaryVersion, emulationVersion, paths: PATHS };
    return structured(request, form, 'Statusz', rest);
  }
  // Nothing is drawn for a read: the instant decides.
  const separator = SEPARATORS[Math.floor(now / 1000) % SEPARATORS.length] ?? '';
  const lines = [
    ['Started', unixDate(started)],
    ['Up', upFor(uptimeSeconds)],
    ['Go version', goVersion],
    ['Binary version', binaryVersion],
    ['Emulation version', emulationVersion],
    ['Paths', PATHS.join(' ')],
  ].map(([name = '', value = '']) => `${name}${separator} ${value}\n`);
  return textResponse(200, PLAIN, `\napiserver statusz\n${WARNING}\n\n${lines.join('')}`);
}

/** `/flagz`. https://kubernetes.io/docs/reference/instrumentation/zpages/#flagz @throws StatusError 406 */
export function serveFlagz(request: ApiRequest, server: ServerFacts): CompleteResponse {
  const form = formOf(request, 'Flagz');
  const flags = flagValues(server.flags);
  if (form !== undefined) return structured(request, form, 'Flagz', { flags });
  const lines = Object.entries(flags).map(([name, value]) => `${name}:${value}\n`);
  return textResponse(200, PLAIN, `\napiserver flagz\n${WARNING}\n${lines.join('')}`);
}

/** All flags by name, with those that the command sets. */
function flagValues(flags: readonly string[]): Record<string, string> {
  const set = flags.map((flag): [string, string] => {
    const [name = '', value = ''] = flag.split(/=(.*)/s, 2);
    return [name, listFlags.has(name) ? `[${value}]` : value];
  });
  const values: Record<string, string> = { ...flagDefaults, ...Object.fromEntries(set) };
  values['external-hostname'] ??= values['advertise-address'] ?? '';
  return Object.fromEntries(Object.entries(values).sort(([one], [other]) => (one < other ? -1 : 1)));
}

interface Form {
  readonly format: 'json' | 'yaml';
  readonly version: string;
}

/** How the client wants the page; undefined: as text. @throws StatusError 406 */
function formOf({ headers }: ApiRequest, kind: string): Form | undefined {
  const accept = headers['accept'] ?? '';
  if (accept === '') return undefined;
  for (const clause of accept.split(',')) {
    const [type = '', ...parameters] = clause.split(';').map((part) => part.trim());
    if (['*/*', 'text/*', 'text/plain'].includes(type)) return undefined;
    const { as, v, g } = Object.fromEntries(parameters.map((text) => text.split('=', 2))) as Record<
      string,
      string
    >;
    const isKnown = as === kind && g === GROUP && (v === 'v1beta1' || v === 'v1alpha1');
    if (!isKnown || !/^application\/(json|yaml)$/.test(type)) continue;
    return { format: type === 'application/yaml' ? 'yaml' : 'json', version: v };
  }
  const message =
    'only the following media types are accepted: application/json, application/yaml, text/plain';
  throw statusError(406, 'NotAcceptable', message);
}

function structured(
  { headers }: ApiRequest,
  { format, version }: Form,
  kind: string,
  rest: Record<string, unknown>,
): CompleteResponse {
  const page = { kind, apiVersion: `${GROUP}/${version}`, metadata: { name: 'apiserver' }, ...rest };
  const isForPeople = (headers['user-agent'] ?? '').startsWith('curl/');
  const json = (): string => (isForPeople ? goJson(page, 2) : goJsonLine(page));
  const body = format === 'json' ? json() : stringify(page, { sortMapEntries: true });
  const old = `This version of the ${kind.toLowerCase()} endpoint is deprecated. Please use a newer version.`;
  const type = `application/${format};g=${GROUP};v=${version};as=${kind}`;
  return textResponse(200, type, body, warningHeader(version === 'v1alpha1' ? [old] : []));
}

/** As Go's time.UnixDate. */
function unixDate(at: Date): string {
  const [day = '', date = '', month = '', year = '', time = ''] = at.toUTCString().split(' ');
  return `${day.slice(0, 3)} ${month} ${date.replace(/^0/, ' ')} ${time} UTC ${year}`;
}

function upFor(seconds: number): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${Math.floor(seconds / 3600)} hr ${two(Math.floor(seconds / 60) % 60)} min ${two(seconds % 60)} sec`;
}
