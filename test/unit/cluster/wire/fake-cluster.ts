import type { ApiRequest, ApiResponse } from '../../../../src/cluster/apiserver/types.ts';
import { StatusError } from '../../../../src/cluster/api.ts';
import { createAuthority } from '../../../../src/cluster/wire/certificates.ts';
import type { Authority } from '../../../../src/cluster/wire/certificates.ts';
import { renderKubeconfig } from '../../../../src/cluster/wire/kubeconfig.ts';
import { startServer } from '../../../../src/cluster/wire/server.ts';
import type { ApiListener } from '../../../../src/cluster/wire/server.ts';
import type { ExecOptions, ExecInput, ExecOutput } from '../../../../src/cluster/node-api.ts';
import type { PortForwardInput, PortForwardOutput } from '../../../../src/cluster/node-api.ts';
import { NetError } from '../../../../src/cluster/network/types.ts';

export const MEGABYTE = 1024 * 1024;
const now = new Date();
export const authority: Authority = createAuthority({ commonName: 'kubernetes', now });
const serverKeys = authority.issueServer({ now });
export const admin = authority.issueClient({
  now,
  commonName: 'kubernetes-admin',
  organizations: ['kubeadm:cluster-admins'],
});

export type FakeHandler = (request: ApiRequest) => ApiResponse | Promise<ApiResponse>;

export interface FakeCluster extends AsyncDisposable {
  readonly listener: ApiListener;
  readonly server: string;
  readonly kubeconfig: string;
  /** Everything that was asked, in order. */
  readonly requests: ApiRequest[];
}

/** The wire server with a handler of the test's behind it. */
export async function startFake(handle: FakeHandler): Promise<FakeCluster> {
  const requests: ApiRequest[] = [];
  const listener = await startServer({
    ...serverKeys,
    ca: authority.certificate,
    handler: {
      handle: async (request) => {
        requests.push(request);
        return await handle(request);
      },
    },
  });
  const server = `https://127.0.0.1:${listener.port}`;
  const kubeconfig = renderKubeconfig({
    cluster: 'lab',
    user: 'kubernetes-admin',
    server,
    ca: authority.certificate,
    clientCertificate: admin.certificate,
    clientKey: admin.key,
  });
  return { listener, server, kubeconfig, requests, [Symbol.asyncDispose]: () => listener.close() };
}

export function json(body: unknown, status = 200): ApiResponse {
  return {
    kind: 'complete',
    status,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(body)),
  };
}

export function refusal(code: number, reason: string, message: string): StatusError {
  return new StatusError({
    apiVersion: 'v1',
    kind: 'Status',
    metadata: {},
    status: 'Failure',
    code,
    reason,
    message,
  });
}

export const notFound = (message: string): ApiResponse => json(refusal(404, 'NotFound', message).status, 404);

/** What the fake containers run: `cat`, `echo …`, `exit N`, `sizes`, `forever`; anything else is no program. */
function fakeExec(options: ExecOptions, seen: string[] = []): ApiResponse {
  return {
    kind: 'exec',
    options,
    start: (output) => {
      if (options.container === 'missing') throw refusal(400, 'BadRequest', 'container missing is not valid');
      return run(options, output, seen);
    },
  };
}

function run({ command: [program, ...args] }: ExecOptions, output: ExecOutput, seen: string[]): ExecInput {
  const input: ExecInput = {
    stdin: () => {},
    stdinEnd: () => seen.push('stdin ended'),
    resize: (columns, rows) => seen.push(`${columns}x${rows}`),
    close: () => seen.push('closed'),
  };
  switch (program) {
    case 'cat':
      return {
        ...input,
        stdin: (bytes) => output.stdout(bytes),
        stdinEnd: () => output.exit({ code: 0 }),
      };
    case 'echo':
      output.stdout(Buffer.from(`${args.join(' ')}\n`));
      output.exit({ code: 0 });
      return input;
    case 'exit':
      output.stderr(Buffer.from('going down\n'));
      output.exit({ code: Number(args[0]) });
      return input;
    case 'sizes':
      return {
        ...input,
        resize: (columns, rows) => {
          output.stdout(Buffer.from(`${columns}x${rows}\r\n`));
          output.exit({ code: 0 });
        },
      };
    case 'forever':
      output.stdout(Buffer.from('started\n'));
      return input;
    default:
      output.exit({ error: `failed to exec in container: exec: "${program ?? ''}": not found` });
      return input;
  }
}

/** Ports of the fake pods: 7 echoes, 80 serves 5 MiB once asked, 9 counts until the end, 6 resets; others refuse. */
function fakePortForward(seen: string[] = []): ApiResponse {
  return {
    kind: 'portforward',
    pod: { namespace: 'default', name: 'web' },
    connect: (port, output) => serve(port, output, seen),
  };
}

function serve(port: number, output: PortForwardOutput, seen: string[]): PortForwardInput {
  const ignore: PortForwardInput = { data: () => {}, end: () => {}, destroy: () => seen.push('destroyed') };
  let count = 0;
  switch (port) {
    case 7:
      return { ...ignore, data: (bytes) => output.data(Buffer.from(bytes)), end: () => output.end() };
    case 80:
      return {
        ...ignore,
        data: () => {
          output.data(
            Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${5 * MEGABYTE}\r\nConnection: close\r\n\r\n`),
          );
          output.data(Buffer.alloc(5 * MEGABYTE, 'x'));
          output.end();
        },
      };
    case 9:
      return {
        ...ignore,
        data: (bytes) => {
          count += bytes.length;
          if (count === 5 * MEGABYTE) output.data(Buffer.from(`${count}\n`));
        },
        end: () => {
          seen.push(`counted ${count}`);
          output.end();
        },
      };
    case 6:
      return {
        ...ignore,
        data: () => {
          output.data(Buffer.from('x'));
          output.error(new NetError('ECONNRESET', 'read'));
        },
      };
    default:
      output.error(new NetError('ECONNREFUSED', `127.0.0.1:${port}`));
      return ignore;
  }
}

/** Enough of an API for kubectl: discovery, one pod `web`, its exec and its port-forward. */
export function fakeApi(seen: string[] = []): FakeHandler {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default', uid: 'u', resourceVersion: '1' },
    spec: { containers: [{ name: 'main', image: 'i', ports: [{ containerPort: 80 }] }] },
    status: { phase: 'Running' },
  };
  const verbs = ['get', 'list', 'create'];
  return (request) => {
    const query = new URLSearchParams(request.query);
    switch (request.path) {
      case '/version':
        return json({ major: '1', minor: '36', gitVersion: 'v1.36.3' });
      case '/api':
        return json({ kind: 'APIVersions', versions: ['v1'] });
      case '/apis':
        return json({ kind: 'APIGroupList', apiVersion: 'v1', groups: [] });
      case '/api/v1':
        return json({
          kind: 'APIResourceList',
          groupVersion: 'v1',
          resources: [
            { name: 'pods', singularName: 'pod', namespaced: true, kind: 'Pod', shortNames: ['po'], verbs },
          ],
        });
      case '/api/v1/namespaces/default/pods/web':
        return json(pod);
      case '/api/v1/namespaces/default/pods/web/exec':
        return fakeExec(
          {
            container: query.get('container') ?? 'main',
            command: query.getAll('command'),
            stdin: query.get('stdin') === 'true',
            tty: query.get('tty') === 'true',
          },
          seen,
        );
      case '/api/v1/namespaces/default/pods/web/portforward':
        return fakePortForward(seen);
      default:
        return notFound(`${request.path} not found`);
    }
  };
}
