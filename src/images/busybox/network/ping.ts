import type { Applet, Command } from '../command.ts';
import { Failure, UsageError } from '../errors.ts';
import { addressOf } from './addresses.ts';

const DEFAULT_WAIT = 10;

/** A datagram of IP has 65,535 bytes, of which the headers take 28. */
const LARGEST = 65_507;

interface Statistics {
  sent: number;
  received: number;
  /** Milliseconds. */
  shortest: number;
  longest: number;
  all: number;
}

/** @throws Failure in the words of xatou16 */
function sizeOf(text: string): number {
  if (!/^\d+$/.test(text)) throw new Failure(`invalid number '${text}'`);
  if (Number(text) > 0xffff) throw new Failure(`number ${text} is not in 0..65535 range`);
  return Number(text);
}

/** `ping`: https://www.busybox.net/downloads/BusyBox.html#ping */
export const ping: Applet = async (command) => {
  const options = command.options('c:s:t:w:W:I:np:i:q46A');
  const [host] = options.operands;
  if (host === undefined) throw new UsageError();
  const ip = await addressOf(command, host);
  const size = sizeOf(options.value('s') ?? '56');
  const count = Number(options.value('c') ?? Infinity);
  const interval = Number(options.value('i') ?? 1) * 1000;
  const wait = Number(options.value('W') ?? DEFAULT_WAIT) * 1000;
  const deadline = command.context.clock.now() + Number(options.value('w') ?? Infinity) * 1000;
  const statistics: Statistics = { sent: 0, received: 0, shortest: Infinity, longest: 0, all: 0 };
  command.context.onSignal('SIGINT', () => {
    summarize(command, host, statistics);
    command.context.processes.kill(command.context.pid, 'SIGKILL');
  });
  command.print(`PING ${host} (${ip}): ${size} data bytes\n`);
  if (size > LARGEST) throw new Failure('sendto: Message too long');
  for (let sequence = 0; sequence < count && command.context.clock.now() < deadline; sequence++) {
    statistics.sent++;
    const isLast = sequence + 1 >= count;
    const startedAt = command.context.clock.now();
    const micros = await command.context.net.ping(ip);
    if (micros !== undefined) {
      const time = micros / 1000;
      statistics.received++;
      statistics.shortest = Math.min(statistics.shortest, time);
      statistics.longest = Math.max(statistics.longest, time);
      statistics.all += time;
      if (!options.has('q')) {
        command.print(`${size + 8} bytes from ${ip}: seq=${sequence} ttl=64 time=${time.toFixed(3)} ms\n`);
      }
    }
    const spent = command.context.clock.now() - startedAt;
    const rest = isLast ? (micros === undefined ? wait - spent : 0) : interval - spent;
    if (rest > 0) await command.context.clock.sleep(rest);
  }
  summarize(command, host, statistics);
  return statistics.received > 0 ? 0 : 1;
};

function summarize(command: Command, host: string, statistics: Statistics): void {
  const { sent, received, shortest, longest, all } = statistics;
  const lost = sent === 0 ? 0 : Math.floor(((sent - received) * 100) / sent);
  command.print(
    `\n--- ${host} ping statistics ---\n${sent} packets transmitted, ${received} packets received, ${lost}% packet loss\n`,
  );
  if (received === 0) return;
  const range = [shortest, all / received, longest].map((time) => time.toFixed(3)).join('/');
  command.print(`round-trip min/avg/max = ${range} ms\n`);
}
