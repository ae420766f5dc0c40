import type { Random } from '../../core/random.ts';
import type { Subcommand } from './agnhost.ts';
import { FlagError, parseDuration, readFlags } from './flags.ts';
import { durationText, klog } from './go.ts';

const METHODS = ['GET', 'POST', 'PUT'];
const NAMESPACES = ['kube-system', 'default', 'ns'];
const LETTERS = 'bcdfghjklmnpqrstvwxz2456789'.split(/(?=.)/);

/** So many lines, spread evenly over so long. */
export const logsGenerator: Subcommand = async (context, args) => {
  const flags = readFlags(args, { 'log-lines-total': 't', 'run-duration': 'd' });
  const lines = flags.number('log-lines-total', 0);
  const text = flags.text('run-duration', '0s');
  const duration = parseDuration(text);
  if (duration === undefined) {
    throw new FlagError(
      `invalid argument "${text}" for "-d, --run-duration" flag: time: invalid duration "${text}"`,
    );
  }
  if (lines <= 0) {
    klog(context, 'E', 'logs_generator.go:72', `Invalid total number of lines: ${lines}`);
    return 255;
  }
  if (duration <= 0) {
    klog(context, 'E', 'logs_generator.go:76', `Invalid duration: ${durationText(duration)}`);
    return 255;
  }
  for (let id = 0; id < lines; id++) {
    klog(context, 'I', 'logs_generator.go:84', line(context.random, id));
    await context.clock.sleep(duration / lines);
  }
  return 0;
};

function line(random: Random, id: number): string {
  const name = Array.from({ length: random.between(3, 4) }, () => random.pick(LETTERS)).join('');
  const url = `/api/v1/namespaces/${random.pick(NAMESPACES)}/pods/${name}`;
  return `${id} ${random.pick(METHODS)} ${url} ${random.between(200, 599)}`;
}
