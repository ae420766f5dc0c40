/**
 * One bare embedded cluster in this process: `node tools/conformance/serve.ts KUBECONFIG WORKERS`. Says `ready` when
 * it answers, and ends when its standard input does, so that it does not outlive who started it.
 */
import { writeFileSync } from 'node:fs';
import { startInstance, wallTime } from '../../src/providers/embedded/instance.ts';
import { createCredentials, type EmbeddedHeader, kubeconfigFor } from '../../src/providers/embedded/spec.ts';

/** How old the cluster is when it is handed over, in milliseconds: everything in it is up by then. */
const AGE = 120_000;

const [file = 'kubeconfig', workers = '2'] = process.argv.slice(2);

const now = Date.now();
const credentials = createCredentials(new Date(now));
const header: EmbeddedHeader = {
  format: 'breakfix-inputs',
  version: 1,
  breakfix: 'conformance',
  seed: 'conformance',
  epoch: (now - AGE) * 1000,
  since: 0,
  spec: {
    nodes: [
      { name: 'conformance-control-plane', role: 'control-plane' },
      ...Array.from({ length: Number(workers) }, (_, index) => ({
        name: `conformance-worker${index === 0 ? '' : index + 1}`,
        role: 'worker' as const,
      })),
    ],
    images: [],
    registries: [],
    ca: credentials.authority.certificate,
    publicImages: true,
  },
};
process.on('unhandledRejection', (error) => console.error('unhandled', error));
await using instance = await startInstance({
  header,
  credentials,
  onError: (error, owner) => console.error(owner, error),
});
await instance.host.goLive(wallTime);
writeFileSync(file, kubeconfigFor('conformance', credentials, instance.listener.port), { mode: 0o600 });
process.stdout.write('ready\n');
await new Promise((resolve) => process.stdin.resume().once('end', resolve));
process.exit(0);
