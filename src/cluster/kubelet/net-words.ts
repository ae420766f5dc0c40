import type { Address, NetErrorCode } from '../network/types.ts';

const WORDS: Readonly<Record<NetErrorCode, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  ETIMEDOUT: 'i/o timeout',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ECONNRESET: 'read: connection reset by peer',
  EADDRINUSE: 'bind: address already in use',
  EPROTO: 'read: protocol error',
};

/** A failed connection in Go's words: `dial tcp 10.244.1.5:8081: connect: connection refused`. */
export function dialError(to: Address, code: NetErrorCode): string {
  return `dial tcp ${to.ip}:${to.port}: ${WORDS[code]}`;
}
