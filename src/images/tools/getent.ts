import { LookupError, type Program } from '../../cluster/runtime/types.ts';
import { ResolverFiles } from '../../cluster/dns/resolv-conf.ts';

/** `getent hosts NAME`, `getent ahosts NAME`, and `passwd` and `group` as files. */
export const getent: Program = async (context) => {
  const [, database, ...keys] = context.args;
  if (database === 'hosts' || database === 'ahosts') {
    for (const key of keys) {
      try {
        const known = new ResolverFiles(context.files).addressesOf(key);
        const [ip] = known.length > 0 ? known : await context.net.lookup(key);
        if (ip === undefined) return 2;
        context.stdout.write(`${ip.padEnd(15)} ${key}\n`);
      } catch (error) {
        if (!(error instanceof LookupError)) throw error;
        return 2;
      }
    }
    return 0;
  }
  if (database !== 'passwd' && database !== 'group') {
    context.stderr.write(`Unknown database: ${database ?? ''}\nTry \`getent --help' for more information.\n`);
    return 1;
  }
  const lines = context.files
    .readText(`/etc/${database}`)
    .split('\n')
    .filter((line) => line !== '');
  const wanted = keys.length === 0 ? lines : keys.map((key) => lines.find((line) => isEntry(line, key)));
  for (const line of wanted) if (line !== undefined) context.stdout.write(`${line}\n`);
  return wanted.includes(undefined) ? 2 : 0;
};

function isEntry(line: string, key: string): boolean {
  const [name, , id] = line.split(':');
  return name === key || id === key;
}
