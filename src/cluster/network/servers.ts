import { type Member, Members } from '../../core/members.ts';
import type { ChannelSide, ChannelUser, Payload } from './channel.ts';
import { HttpSyntaxError, RequestParser, requestBytes, responseBytes } from './http-bytes.ts';
import { connectionOf } from './connection.ts';
import type { HttpRequest, HttpResponse, Listener, Peer } from './types.ts';

/** The user of an accepted connection: what the listener understands, whatever the client speaks. */
export function serve(
  listener: Exclude<Listener, { kind: 'datagram' }>,
  side: ChannelSide,
  from: Peer,
): ChannelUser {
  switch (listener.kind) {
    case 'http':
      return new HttpServer(listener, side, from);
    case 'stream': {
      const handler = listener.handle(connectionOf(side), from);
      return {
        open: () => handler.open?.(connectionOf(side)),
        fail: (error) => handler.error(error),
        receive: (payload) => {
          if (payload.kind === 'bytes') handler.data(payload.bytes);
          else if (payload.kind === 'request') handler.data(requestBytes(payload.request));
          else if (payload.kind === 'end') handler.end();
          else side.reset();
        },
      };
    }
    case 'dns':
      return {
        fail: () => {},
        receive: (payload) => {
          if (payload.kind === 'dns') {
            listener.handle(payload.message, { ...from, protocol: 'TCP' }, (message) => {
              side.send({ kind: 'dns', message });
            });
          } else if (payload.kind === 'end') side.send({ kind: 'end' });
          else side.reset();
        },
      };
  }
}

type HttpListening = Extract<Listener, { kind: 'http' }>;

/** What a server with TLS says to a client without. */
const NOT_SECURE: HttpResponse = {
  status: 400,
  headers: { 'content-type': 'text/plain; charset=utf-8', connection: 'close' },
  body: 'Client sent an HTTP request to an HTTPS server.\n',
};

/** An HTTP listener's side of one connection; speaks messages to clients that do, bytes to all others. */
class HttpServer implements ChannelUser {
  readonly #listener: HttpListening;
  readonly #side: ChannelSide;
  readonly #from: Peer;
  /** Only for who speaks in bytes. */
  #parser: RequestParser | undefined;
  /** Answers in the order of their requests; undefined while the listener still works on one. */
  readonly #answers: { bytes: Uint8Array | undefined; last: boolean }[] = [];
  /** Ends the work on what is not answered yet. */
  readonly #unanswered = new Members<() => void>();
  #noMore = false;

  constructor(listener: HttpListening, side: ChannelSide, from: Peer) {
    this.#listener = listener;
    this.#side = side;
    this.#from = from;
  }

  fail(): void {
    for (const stop of this.#unanswered) stop();
  }

  receive(payload: Payload): void {
    switch (payload.kind) {
      case 'request':
        this.#call(payload.request, (response) => this.#side.send({ kind: 'response', response }));
        break;
      case 'bytes':
        if (!this.#noMore) this.#parse(payload.bytes);
        break;
      case 'end':
        this.#noMore = true;
        this.#flush();
        break;
      case 'response':
      case 'dns':
        this.#side.reset();
    }
  }

  #parse(bytes: Uint8Array): void {
    this.#parser ??= new RequestParser();
    try {
      for (const { request, keepAlive } of this.#parser.push(bytes)) {
        const answer: { bytes: Uint8Array | undefined; last: boolean } = {
          bytes: undefined,
          last: !keepAlive,
        };
        this.#answers.push(answer);
        if (!keepAlive) this.#noMore = true;
        this.#call(request, (response) => {
          answer.bytes = responseBytes(response, { method: request.method, keepAlive });
          this.#flush();
        });
        if (!keepAlive) return;
      }
    } catch (error) {
      if (!(error instanceof HttpSyntaxError)) throw error;
      this.#noMore = true;
      this.#answers.push({ bytes: error.answer, last: true });
      this.#flush();
    }
  }

  #call(request: HttpRequest, respond: (response: HttpResponse) => void): void {
    let answered = false;
    const { handle, certificate } = this.#listener;
    if (certificate !== undefined && request.secure !== true) {
      respond(NOT_SECURE);
      return;
    }
    let unanswered: Member | undefined;
    const answer = (response: HttpResponse): void => {
      if (answered) return;
      answered = true;
      if (unanswered !== undefined) this.#unanswered.delete(unanswered);
      respond(certificate === undefined ? response : { ...response, certificate });
    };
    handle(request, this.#from, answer, (stop) => {
      if (answered) return;
      unanswered = this.#unanswered.add(stop);
    });
  }

  #flush(): void {
    for (;;) {
      const answer = this.#answers[0];
      if (answer?.bytes === undefined) break;
      this.#answers.shift();
      this.#side.send({ kind: 'bytes', bytes: answer.bytes });
      if (answer.last) this.#side.send({ kind: 'end' });
    }
    if (this.#noMore && this.#answers.length === 0) this.#side.send({ kind: 'end' });
  }
}
