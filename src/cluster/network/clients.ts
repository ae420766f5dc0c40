import { ChannelSide } from './channel.ts';
import { connectionOf } from './connection.ts';
import type { DnsMessage } from './dns-message.ts';
import { ResponseParser } from './http-bytes.ts';
import type { Fabric } from './route.ts';
import type { Stack } from './stack.ts';
import {
  NetError,
  type Address,
  type Cancel,
  type Connection,
  type ConnectionHandler,
  type HttpRequest,
  type HttpResponse,
} from './types.ts';

/** One HTTP exchange over a connection of its own, with a server that speaks messages or bytes. */
export function callHttp(
  fabric: Fabric,
  from: Stack,
  to: Address,
  request: HttpRequest,
  done: (result: HttpResponse | NetError) => void,
): Cancel {
  const side = new ChannelSide(fabric, from, to, 'there');
  // Servers that speak in messages, which most do, never need one.
  let parser: ResponseParser | undefined;
  const parsing = (): ResponseParser => (parser ??= new ResponseParser(request.method));
  let over = false;
  const finish = (result: HttpResponse | NetError): void => {
    if (over) return;
    over = true;
    done(result);
  };
  const broken = (): void => {
    side.reset();
    finish(new NetError('ECONNRESET', `${to.ip}:${to.port}`));
  };
  const take = (step: () => HttpResponse | 'more' | 'malformed'): void => {
    const result = step();
    if (result === 'more') return;
    if (result === 'malformed') {
      broken();
      return;
    }
    side.send({ kind: 'end' });
    finish(result);
  };
  side.dial(to, {
    fail: finish,
    receive: (payload) => {
      if (over) return;
      switch (payload.kind) {
        case 'response':
          side.dissolve();
          if (request.secure !== true || payload.response.certificate !== undefined) finish(payload.response);
          else finish(new NetError('EPROTO', `${to.ip}:${to.port}`));
          break;
        case 'bytes':
          take(() => parsing().push(payload.bytes));
          break;
        case 'end':
          take(() => parsing().end());
          break;
        case 'request':
        case 'dns':
          broken();
      }
    },
  });
  side.send({ kind: 'request', request });
  return () => {
    over = true;
    side.reset();
  };
}

/** A TCP connection that carries bytes. */
export function callStream(fabric: Fabric, from: Stack, to: Address, handler: ConnectionHandler): Connection {
  const side = new ChannelSide(fabric, from, to, 'there');
  const connection = connectionOf(side);
  side.dial(to, {
    open: () => handler.open?.(connection),
    fail: (error) => handler.error(error),
    receive: (payload) => {
      if (payload.kind === 'bytes') handler.data(payload.bytes);
      else if (payload.kind === 'end') handler.end();
    },
  });
  return connection;
}

/** One DNS exchange over TCP. A server that speaks something else resets the connection. */
export function callDns(
  fabric: Fabric,
  from: Stack,
  to: Address,
  query: DnsMessage,
  done: (result: DnsMessage | NetError) => void,
): Cancel {
  const side = new ChannelSide(fabric, from, to, 'there');
  side.dial(to, {
    fail: done,
    receive: (payload) => {
      if (payload.kind === 'dns') {
        side.dissolve();
        done(payload.message);
      } else {
        side.reset();
        done(new NetError('ECONNRESET', `${to.ip}:${to.port}`));
      }
    },
  });
  side.send({ kind: 'dns', message: query });
  return () => side.reset();
}
