import type { Listener } from '../network/types.ts';

/**
 * The API server as pods reach it, behind the Service `kubernetes`: it takes connections, and says that it speaks
 * TLS. Programs in pods have no TLS of their own; the API is used from outside.
 */
export const apiServerListener: Listener = {
  kind: 'http',
  handle: (_request, _from, respond) =>
    respond({
      status: 400,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body: 'Client sent an HTTP request to an HTTPS server.\n',
    }),
};
