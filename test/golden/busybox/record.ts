/**
 * Records what the real busybox does with the cases that are new or changed, or with all of them:
 *
 *   node test/golden/busybox/record.ts [--all]
 *
 * Needs Docker with the image busybox:1.37. Builds of busybox differ in what is compiled in: a case uses only what
 * Docker's own build and Debian's have in common. Each case runs in a container of its own, below an init process as
 * in an exec session, so that signals work as they do there.
 */
import { writeFileSync } from 'node:fs';
import { execa } from 'execa';
import { AREAS, casesOf, isOf, RECORDED, recordings, type Case, type Recorded } from './cases.ts';

const AT_ONCE = 6;
const all = process.argv.includes('--all');
const before = recordings();

async function record(given: Case): Promise<Recorded> {
  const input = given.stdin === undefined ? [] : ['-i'];
  const user = given.user === undefined ? [] : ['--user', given.user];
  const container = ['--rm', '--init', '--network', 'none', '--hostname', 'web-0', ...input, ...user];
  const { stdout, stderr, exitCode } = await execa(
    'docker',
    ['run', ...container, 'busybox:1.37', 'sh', '-c', given.script],
    {
      ...(given.stdin === undefined ? { stdin: 'ignore' } : { input: given.stdin }),
      reject: false,
      stripFinalNewline: false,
      timeout: 60_000,
    },
  );
  if (exitCode === undefined || exitCode === 125)
    throw new Error(`docker failed: ${stderr}\n${given.script}`);
  return { ...given, stdout, stderr, code: exitCode };
}

const after: Record<string, Record<string, Recorded>> = {};
const waiting: (() => Promise<void>)[] = [];
for (const area of AREAS) {
  const recorded: Record<string, Recorded> = (after[area] = {});
  for (const [name, given] of Object.entries(casesOf(area))) {
    const old = before[area]?.[name];
    if (!all && old !== undefined && isOf(old, given)) recorded[name] = old;
    else {
      // The key is made now, so that recordings keep the order of the cases.
      recorded[name] = { ...given, stdout: '', stderr: '', code: -1 };
      waiting.push(async () => void (recorded[name] = await record(given)));
    }
  }
}
const count = waiting.length;
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await next();
  }),
);
writeFileSync(RECORDED, `${JSON.stringify(after, undefined, 1)}\n`);
process.stdout.write(`${String(count)} recorded\n`);
