import { messageOf } from '../../../core/errors.ts';
import { parseGoDuration } from '../../../core/go-duration.ts';
import type { Setup } from '../plugin.ts';
import { once, parseListenAddress } from './common.ts';

// Plugins that serve no queries: health, ready, reload. https://coredns.io/plugins/

const TEXT = { 'content-type': 'text/plain; charset=utf-8' };

/** Says OK at /health while the process runs, also in lameduck mode. */
export const health: Setup = ({ tokens, instance }) => {
  let address = ':8080';
  while (tokens.next()) {
    const [given, more] = tokens.remaining();
    if (more !== undefined) throw tokens.argumentError();
    if (given !== undefined) {
      parseListenAddress(given);
      address = given;
    }
    while (tokens.nextInBlock()) {
      if (tokens.value !== 'lameduck') throw tokens.argumentError();
      const [text, tooMuch] = tokens.remaining();
      if (text === undefined || tooMuch !== undefined) throw tokens.argumentError();
      try {
        instance.setLameduck(parseGoDuration(text));
      } catch (error) {
        throw new Error(`unable to parse lameduck duration value: '${text}' : ${messageOf(error)}`, {
          cause: error,
        });
      }
    }
  }
  instance.serveHttp(address, '/health', () => ({ status: 200, headers: TEXT, body: 'OK' }));
  return undefined;
};

/** Says OK at /ready once every plugin has what it needs, and then for good. */
export const ready: Setup = ({ tokens, instance }) => {
  once(tokens, 'ready');
  let address = ':8181';
  while (tokens.next()) {
    const [given, more] = tokens.remaining();
    if (more !== undefined) throw tokens.argumentError();
    if (given !== undefined) {
      parseListenAddress(given);
      address = given;
    }
    if (tokens.nextInBlock()) throw tokens.argumentError();
  }
  instance.serveHttp(address, '/ready', () => {
    const missing = instance.notReady();
    if (missing.length === 0) return { status: 200, headers: TEXT, body: 'OK' };
    instance.log('INFO', `plugin/ready: Plugins not ready: ${JSON.stringify(missing.join(','))}`);
    return { status: 503, headers: TEXT, body: missing.join(',') };
  });
  return undefined;
};

/** Takes a changed Corefile into use. */
export const reload: Setup = ({ tokens, instance }) => {
  let interval = 30_000;
  let jitter = 15_000;
  while (tokens.next()) {
    const [first, second, more] = tokens.remaining();
    if (more !== undefined) throw tokens.argumentError();
    if (first !== undefined) {
      interval = parseGoDuration(first);
      if (interval < 2000) throw new Error('interval value must be greater or equal to 2s');
      jitter = interval / 2;
    }
    if (second !== undefined) {
      jitter = parseGoDuration(second);
      if (jitter < 1000) throw new Error('jitter value must be greater or equal to 1s');
    }
  }
  instance.setReload(interval, Math.min(jitter, interval / 2));
  return undefined;
};
