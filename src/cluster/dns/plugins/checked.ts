import { messageOf } from '../../../core/errors.ts';
import { readAsGo } from '../imports.ts';
import type { Setup } from '../plugin.ts';

// Plugins that are read, because a mistake in them ends the start, and have no effect: autopath, bufsize.

/** Would answer for the whole search path at once. https://coredns.io/plugins/autopath/ */
export const autopath: Setup = ({ tokens, instance }) => {
  while (tokens.next()) {
    const source = tokens.remaining().at(-1);
    if (source === undefined) throw new Error('no resolv-conf specified');
    if (source.startsWith('@')) continue;
    try {
      readAsGo(instance.program.files, source);
    } catch (error) {
      throw new Error(`failed to parse ${JSON.stringify(source)}: ${messageOf(error)}`, { cause: error });
    }
  }
  return undefined;
};

/** Would cut the size that clients offer over EDNS, which no query here does. https://coredns.io/plugins/bufsize/ */
export const bufsize: Setup = ({ tokens }) => {
  tokens.next();
  const [size, ...more] = tokens.remaining();
  const fits = size === undefined || (/^[+-]?\d+$/.test(size) && Number(size) >= 512 && Number(size) <= 4096);
  // CoreDNS names this plugin twice.
  if (!fits || more.length > 0) throw new Error(`plugin/bufsize: ${tokens.argumentError().message}`);
  return undefined;
};
