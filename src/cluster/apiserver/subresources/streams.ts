import type { AnyObject, Pod } from '../../../model/objects.ts';
import { StatusError } from '../../api.ts';
import type { ExecOptions, LogOptions } from '../../node-api.ts';
import { isTrue } from '../http/query.ts';
import { textResponse, warningHeader } from '../http/responses.ts';
import type { FieldProblem } from '../pipeline.ts';
import { type ResourceRequest, type RestParts, writeContext } from '../rest/resource-request.ts';
import { timeProblem } from '../go-time.ts';
import { badRequest, invalid, notFound } from '../status.ts';
import type { ApiResponse } from '../types.ts';

const PLAIN = 'text/plain';

/** GET `pods/log`: whole, or as a stream where the client follows. The kubelet refuses in its own words. */
export function log(parts: RestParts, request: ResourceRequest): ApiResponse {
  const pod = podOf(parts, request);
  const options = logOptions(request);
  const container = containerOf(pod, options.container ?? '');
  const reference = { namespace: request.namespace ?? '', name: request.name };
  const headers = {
    'cache-control': 'no-cache, private',
    'content-type': PLAIN,
    ...warningHeader(request.warnings),
  };
  if ((pod.spec.nodeName ?? '') === '') return textResponse(204, PLAIN, '');
  const chosen = { ...options, container };
  if (options.follow === true) {
    // Refusals come before the header: a first look without `follow` finds them.
    parts
      .nodes()
      .logs(reference, { ...chosen, follow: false, tailLines: 0 }, { write: () => {}, end: () => {} })();
    return {
      kind: 'stream',
      status: 200,
      headers,
      open: (sink) => parts.nodes().logs(reference, chosen, sink),
    };
  }
  const chunks: Uint8Array[] = [];
  parts.nodes().logs(reference, chosen, { write: (bytes) => chunks.push(bytes), end: () => {} })();
  return { kind: 'complete', status: 200, headers, body: Buffer.concat(chunks) };
}

/** `pods/exec` and `pods/attach`; nothing happens before the response is started. */
export function execute(parts: RestParts, request: ResourceRequest): ApiResponse {
  const pod = podOf(parts, request);
  const { query, subresource } = request;
  const container = containerOf(pod, query.get('container') ?? '');
  requireHost(pod);
  const options: ExecOptions = {
    container,
    command: query.getAll('command'),
    stdin: isTrue(query.get('stdin')),
    tty: isTrue(query.get('tty')),
  };
  const reference = { namespace: request.namespace ?? '', name: request.name };
  admit(parts, request, {
    ...options,
    stdout: isTrue(query.get('stdout')),
    stderr: isTrue(query.get('stderr')),
  });
  try {
    parts.nodes().enter(reference, container);
  } catch (error) {
    // The kubelet's own answer, as it is: clients look for no Status in it.
    if (error instanceof StatusError && error.code === 500) return textResponse(500, PLAIN, error.message);
    throw error;
  }
  return {
    kind: 'exec',
    options,
    start: (output) =>
      subresource === 'attach'
        ? parts.nodes().attach(reference, options, output)
        : parts.nodes().exec(reference, options, output),
  };
}

/** `pods/portforward`. */
export function portForward(parts: RestParts, request: ResourceRequest): ApiResponse {
  const pod = podOf(parts, request);
  requireHost(pod);
  admit(parts, request, {});
  const reference = { namespace: request.namespace ?? '', name: request.name };
  return {
    kind: 'portforward',
    pod: reference,
    connect: (port, output) => parts.nodes().portForward(reference, port, output),
  };
}

const OPTIONS: Readonly<Record<string, string>> = {
  exec: 'PodExecOptions',
  attach: 'PodAttachOptions',
  portforward: 'PodPortForwardOptions',
};

/** Asks admission about a connection; what is asked for is the object that it sees. @throws StatusError */
function admit(parts: RestParts, request: ResourceRequest, options: object): void {
  const { info, namespace, name, subresource = '' } = request;
  const kind = { group: '', version: 'v1', kind: OPTIONS[subresource] ?? '' };
  const context = writeContext(request, { dryRun: false, fieldManager: undefined });
  const object = { kind: kind.kind, apiVersion: 'v1', ...options } as unknown as AnyObject;
  const connect = { name, kind, ...(namespace !== undefined && { namespace }) };
  parts.writer.admit(context, info, 'CONNECT', { object, subresource, connect });
}

function podOf(parts: RestParts, { info, namespace, name }: ResourceRequest): Pod {
  const pod = parts.store.get(info.storage, namespace ?? '', name) as Pod | undefined;
  if (pod === undefined) throw notFound(info.resource, name);
  return pod;
}

function requireHost(pod: Pod): void {
  if ((pod.spec.nodeName ?? '') === '') {
    throw badRequest(`pod ${pod.metadata.name} does not have a host assigned`);
  }
}

/** The container that is meant; the only one where the client names none. */
function containerOf(pod: Pod, wanted: string): string {
  const { containers, initContainers = [], ephemeralContainers = [] } = pod.spec;
  const { name } = pod.metadata;
  const all = [...initContainers, ...containers, ...ephemeralContainers].map((container) => container.name);
  if (wanted !== '') {
    if (all.includes(wanted)) return wanted;
    throw badRequest(`container ${wanted} is not valid for pod ${name}`);
  }
  const [only] = containers;
  if (containers.length === 1 && only !== undefined) return only.name;
  throw badRequest(`a container name must be specified for pod ${name}, choose one of: [${all.join(' ')}]`);
}

/** @throws StatusError 400 or 422 */
function logOptions({ query, name }: ResourceRequest): LogOptions {
  const numbers = {
    sinceSeconds: wholeNumber(query.get('sinceSeconds')),
    tailLines: wholeNumber(query.get('tailLines')),
    limitBytes: wholeNumber(query.get('limitBytes')),
  };
  const sinceTime = timeOf(query.get('sinceTime') ?? '');
  const problems: FieldProblem[] = [];
  const tooSmall = (field: keyof typeof numbers, least: number, detail: string): void => {
    const value = numbers[field];
    if (value === undefined || value >= least) return;
    problems.push({ type: 'FieldValueInvalid', field, detail: `Invalid value: ${value}: ${detail}` });
  };
  tooSmall('tailLines', 0, 'must be greater than or equal to 0');
  tooSmall('limitBytes', 1, 'must be greater than 0');
  tooSmall('sinceSeconds', 1, 'must be greater than 0');
  if (numbers.sinceSeconds !== undefined && sinceTime !== '') {
    const detail = 'Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified';
    problems.push({ type: 'FieldValueForbidden', field: '[]', detail });
  }
  // The streams of a log can be asked for one by one only where a feature is on that is off by default.
  if (query.has('stream')) {
    const detail = 'Forbidden: may not be specified';
    problems.push({ type: 'FieldValueForbidden', field: 'stream', detail });
  }
  if (problems.length > 0) throw invalid({ group: '', kind: 'PodLogOptions' }, name, problems);
  const container = query.get('container') ?? '';
  return {
    ...(container !== '' && { container }),
    ...(isTrue(query.get('follow')) && { follow: true }),
    ...(isTrue(query.get('previous')) && { previous: true }),
    ...(isTrue(query.get('timestamps')) && { timestamps: true }),
    ...(sinceTime !== '' && { sinceTime }),
    ...(numbers.sinceSeconds !== undefined && { sinceSeconds: numbers.sinceSeconds }),
    ...(numbers.tailLines !== undefined && { tailLines: numbers.tailLines }),
    ...(numbers.limitBytes !== undefined && { limitBytes: numbers.limitBytes }),
  };
}

function wholeNumber(text: string | null): number | undefined {
  if (text === null || text === '') return undefined;
  if (!/^[-+]?\d+$/.test(text))
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}

/** @throws StatusError 400 in the words of Go's parser */
function timeOf(text: string): string {
  const problem = text === '' ? undefined : timeProblem(text);
  if (problem !== undefined) throw badRequest(problem);
  return text;
}
