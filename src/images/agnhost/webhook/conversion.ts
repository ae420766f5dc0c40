import type { Subcommand } from '../agnhost.ts';
import { readFlags } from '../flags.ts';
import { answer, failure } from '../go.ts';
import { forever } from '../simple.ts';
import { serveOverTls } from './webhook.ts';

type CustomObject = Readonly<Record<string, unknown>> & { readonly apiVersion: string };

interface ConversionReview {
  readonly apiVersion: string;
  readonly request: {
    readonly uid: string;
    readonly desiredAPIVersion: string;
    readonly objects: readonly CustomObject[];
  };
}

const V1 = 'stable.example.com/v1';
const V2 = 'stable.example.com/v2';

/** Converts between two versions of an example: `hostPort` of the first is `host` and `port` of the second. */
export const conversionWebhook: Subcommand = (context, args) => {
  const flags = readFlags(args, {
    'tls-cert-file': undefined,
    'tls-private-key-file': undefined,
    port: undefined,
  });
  serveOverTls(context, flags.text('tls-cert-file', ''), flags.number('port', 443), ({ path, body }) => {
    if (path.startsWith('/readyz')) return answer('ok');
    if (!path.startsWith('/crdconvert')) return failure(404, '404 page not found');
    const { apiVersion, request } = JSON.parse(body) as ConversionReview;
    const response = { uid: request.uid, ...convertAll(request) };
    return answer(JSON.stringify({ kind: 'ConversionReview', apiVersion, response }), {
      type: 'application/json',
    });
  });
  return forever(context);
};

function convertAll({ desiredAPIVersion, objects }: ConversionReview['request']): object {
  const convertedObjects: CustomObject[] = [];
  for (const object of objects) {
    const converted = convert(object, desiredAPIVersion);
    if (typeof converted === 'string') return { result: { status: 'Failed', message: converted } };
    convertedObjects.push(converted);
  }
  return { convertedObjects, result: { status: 'Success' } };
}

/** @returns why it cannot be converted */
function convert(object: CustomObject, wanted: string): CustomObject | string {
  const { apiVersion: from } = object;
  if (from === wanted) return `conversion from a version to itself should not call the webhook: ${wanted}`;
  if (from === V1 && wanted === V2) {
    const { hostPort, ...rest } = object;
    if (hostPort === undefined) return { ...rest, apiVersion: wanted };
    const [host, port, more] = textOf(hostPort).split(':');
    if (port === undefined || more !== undefined) return `invalid hostPort value \`${textOf(hostPort)}\``;
    return { ...rest, apiVersion: wanted, host, port };
  }
  if (from === V2 && wanted === V1) {
    const { host, port, ...rest } = object;
    const both =
      host === undefined && port === undefined ? {} : { hostPort: `${textOf(host)}:${textOf(port)}` };
    return { ...rest, apiVersion: wanted, ...both };
  }
  return `unexpected conversion version "${from === V1 || from === V2 ? wanted : from}"`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
