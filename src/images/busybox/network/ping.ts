import type { Applet, Command } from '../command.ts';
import { UsageError } from '../errors.ts';
import { addressOf } from './addresses.ts';

const DEFAULT_WAIT = 10;

interface Statistics {
  sent: number;
  readonly times: number[];
}

/** `ping`: https://www.busybox.net/downloads/BusyBox.html#ping */
export const ping: Applet = async (command) => {
  const options = command.options('c:s:t:w:W:I:np:i:q46A');
  const [host] = options.operands;
  if (host === undefined) throw new UsageError();
  const ip = await addressOf(command, host);
  const size = Number(options.value('s') ?? 56);
  const count = Number(options.value('c') ?? Infinity);
  const interval = Number(options.value('i') ?? 1) * 1000;
  const wait = Number(options.value('W') ?? DEFAULT_WAIT) * 1000;
  const deadline = command.context.clock.now() + Number(options.value('w') ?? Infinity) * 1000;
  const statistics: Statistics = { sent: 0, times: [] };
  command.context.onSignal('SIGINT', () => {
    summarize(command, host, statistics);
    command.context.processes.kill(command.context.pid, 'SIGKILL');
  });
  command.print(`PING ${host} (${ip}): ${size} data bytes\n`);
  for (let sequence = 0; sequence < count && command.context.clock.now() < deadline; sequence++) {
    statistics.sent++;
    const isLast = sequence + 1 >= count;
    const startedAt = command.context.clock.now();
    const micros = await command.context.net.ping(ip);
    if (micros !== undefined) {
      const time = micros / 1000;
      statistics.times.push(time);
      if (!options.has('q')) {
        command.print(`${size + 8} bytes from ${ip}: seq=${sequence} ttl=64 time=${time.toFixed(3)} ms\n`);
      }
    }
    const spent = command.context.clock.now() - startedAt;
    const rest = isLast ? (micros === undefined ? wait - spent : 0) : interval - spent;
    if (rest > 0) await command.context.clock.sleep(rest);
  }
  summarize(command, host, statistics);
  return statistics.times.length > 0 ? 0 : 1;
};

function summarize(command: Command, host: string, { sent, times }: Statistics): void {
  const lost = sent === 0 ? 0 : Math.floor(((sent - times.length) * 100) / sent);
  command.print(
    `\n--- ${host} ping statistics ---\n${sent} packets transmitted, ${times.length} packets received, ${lost}% packet loss\n`,
  );
  if (times.length === 0) return;
  const average = times.reduce((sum, time) => sum + time, 0) / times.length;
  const range = [Math.min(...times), average, Math.max(...times)].map((time) => time.toFixed(3)).join('/');
  command.print(`round-trip min/avg/max = ${range} ms\n`);
}
