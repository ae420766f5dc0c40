/**
 * Records the golden outputs on a real cluster: `KUBECONFIG=… node test/golden/kubectl/record.ts`. The cluster's nodes
 * must have busybox:1.37. Run it with the kubectl that the tests compare with (see version.txt).
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../helpers/processes.ts';
import { commands, words } from './commands.ts';
import { normalised } from './normalise.ts';

const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], KUBECONFIG: process.env['KUBECONFIG'] };
const kubectl = (...args: string[]): ReturnType<typeof run> => run('kubectl', args, { env });

await kubectl('delete', 'namespace', 'golden', '--ignore-not-found');
const made = await kubectl('apply', '-f', join(import.meta.dirname, 'objects.yaml'));
if (made.code !== 0) throw new Error(made.stderr);
await kubectl('-n', 'golden', 'rollout', 'status', 'deploy/web');
await kubectl('-n', 'golden', 'wait', '--for=condition=Complete', 'job/once');
await kubectl('-n', 'golden', 'wait', '--for=jsonpath={.status.phase}=Failed', 'pod/failed');
for (const command of commands) {
  const { stdin } = command;
  const ended = await run('kubectl', words(command), { env, ...(stdin === undefined ? {} : { stdin }) });
  writeFileSync(join(import.meta.dirname, `${command.name}.txt`), normalised(command, ended));
}
const version = await kubectl('version', '--client', '-o', 'json');
const { clientVersion } = JSON.parse(version.stdout) as { clientVersion: { major: string; minor: string } };
writeFileSync(
  join(import.meta.dirname, 'version.txt'),
  `${clientVersion.major}.${Number.parseInt(clientVersion.minor)}\n`,
);
await kubectl('delete', 'namespace', 'golden', '--wait=false');
