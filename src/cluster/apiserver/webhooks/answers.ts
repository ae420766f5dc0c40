import type { WebhookCall, WebhookOutcome } from './calls.ts';

/** Thrown where a request cannot go on before a webhook has answered; the request is made again then. */
export class WebhookNeeded extends Error {
  readonly key: string;
  readonly call: WebhookCall;

  constructor(key: string, call: WebhookCall) {
    super(`webhook ${call.webhook.name} has to be asked`);
    this.name = 'WebhookNeeded';
    this.key = key;
    this.call = call;
  }
}

/**
 * What webhooks have said about the request that is served now. The API server is synchronous: a request that needs
 * an answer is given up, the webhook is asked, and the request is made again with the answer.
 */
export class WebhookAnswers {
  #known: ReadonlyMap<string, WebhookOutcome> | undefined;

  /** Whether a request from outside is served, which can wait for answers. */
  get isOpen(): boolean {
    return this.#known !== undefined;
  }

  /** Serves a request with the answers that are known so far. @throws WebhookNeeded and what `serve` throws */
  within<T>(known: ReadonlyMap<string, WebhookOutcome>, serve: () => T): T {
    this.#known = known;
    try {
      return serve();
    } finally {
      this.#known = undefined;
    }
  }

  /** @throws WebhookNeeded where the answer is not known yet */
  answer(key: string, call: () => WebhookCall): WebhookOutcome {
    const known = this.#known?.get(key);
    if (known === undefined) throw new WebhookNeeded(key, call());
    return known;
  }
}
