import { isIP } from 'node:net';
import type { Setup } from '../plugin.ts';

/** Listens on some addresses only. https://coredns.io/plugins/bind/ */
export const bind: Setup = ({ tokens, block, instance }) => {
  const interfaces: Readonly<Record<string, string>> = { lo: '127.0.0.1', eth0: instance.program.net.ip };
  const addressesOf = (words: readonly string[]): string[] =>
    words.map((word) => {
      const address = interfaces[word] ?? word;
      if (isIP(address) === 0)
        throw new Error(`not a valid IP address or interface name: ${JSON.stringify(word)}`);
      return address;
    });
  const hosts: string[] = [];
  while (tokens.next()) {
    const words = tokens.remaining();
    let except: string[] = [];
    if (words.length === 0) throw new Error('at least one address or interface name is expected');
    while (tokens.nextInBlock()) {
      if (tokens.value !== 'except') throw new Error(`invalid option ${JSON.stringify(tokens.value)}`);
      except = tokens.remaining();
      if (except.length === 0)
        throw new Error('at least one address or interface must be given to except subdirective');
    }
    const without = addressesOf(except);
    hosts.push(...addressesOf(words).filter((address) => !without.includes(address)));
  }
  block.listenOn(hosts);
  return undefined;
};
