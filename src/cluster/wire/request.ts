import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import type { ApiRequest } from '../apiserver/types.ts';

/** A request of either HTTP version; node's compatibility API gives both the same shape. */
export type WireRequest = IncomingMessage | Http2ServerRequest;

/** kube-apiserver's limit for a request's body, in bytes. */
export const MAX_BODY_BYTES = 3 * 1024 * 1024;

const HEADERS = new Set(['accept', 'authorization', 'content-type', 'if-none-match', 'user-agent']);

/** The request as the API server reads it, with the body that {@link readBody} gave. */
export function toApiRequest(request: WireRequest, body: Uint8Array): ApiRequest {
  const target = request.url ?? '/';
  const mark = target.indexOf('?');
  const certificate = certificateOf(request);
  return {
    method: request.method ?? 'GET',
    path: mark < 0 ? target : target.slice(0, mark),
    query: mark < 0 ? '' : target.slice(mark + 1),
    headers: headersOf(request),
    body,
    ...(certificate === undefined ? {} : { certificate }),
  };
}

/** The whole body, or undefined where it is larger than {@link MAX_BODY_BYTES}; rejects when the client goes away. */
export function readBody(request: WireRequest): Promise<Uint8Array | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_BODY_BYTES) chunks.push(chunk);
      else resolve(undefined);
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', reject);
    request.on('close', () => reject(new Error('the client went away')));
  });
}

function headersOf(request: WireRequest): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value === undefined || !(HEADERS.has(name) || name.startsWith('impersonate-'))) continue;
    headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return headers;
}

/**
 * Whether the client shows a certificate that does not verify and nothing else: kube-apiserver does not take it for
 * nobody then, it refuses it.
 */
export function isStranger(request: WireRequest): boolean {
  return peerOf(request) === STRANGER && request.headers.authorization === undefined;
}

type Certificate = NonNullable<ApiRequest['certificate']>;

/** Read once a connection. */
const peers = new WeakMap<object, Certificate>();
const NOBODY: Certificate = { commonName: '', organizations: [] };
const STRANGER: Certificate = { commonName: '', organizations: [] };

function certificateOf(request: WireRequest): Certificate | undefined {
  const peer = peerOf(request);
  return peer === NOBODY || peer === STRANGER ? undefined : peer;
}

function peerOf(request: WireRequest): Certificate {
  const connection = 'stream' in request ? request.stream.session : request.socket;
  if (connection === undefined) return NOBODY;
  let peer = peers.get(connection);
  if (peer === undefined) {
    peer = readPeer(request.socket as TLSSocket);
    peers.set(connection, peer);
  }
  return peer;
}

function readPeer(socket: TLSSocket): Certificate {
  if (!socket.authorized) return Object.keys(socket.getPeerCertificate()).length === 0 ? NOBODY : STRANGER;
  // A resumed session without a certificate counts as authorized, and has no subject.
  const { subject, fingerprint256 } = socket.getPeerCertificate() as Partial<PeerCertificate>;
  const { CN: commonName, O: organizations = [] } = (subject ?? {}) as Record<string, string | string[]>;
  if (typeof commonName !== 'string') return NOBODY;
  return {
    commonName,
    organizations: typeof organizations === 'string' ? [organizations] : organizations,
    ...(fingerprint256 === undefined ? {} : { sha256: fingerprint256.replaceAll(':', '').toLowerCase() }),
  };
}
