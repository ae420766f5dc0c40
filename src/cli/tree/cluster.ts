import type { StartClusterFlags } from '../commands/cluster/start.ts';
import { type Tree } from './define.ts';

interface Named {
  readonly name?: string;
}

/** The embedded Kubernetes without an incident. */
export function addClusterCommands({ group, run }: Tree): void {
  const command = group('cluster', 'an embedded Kubernetes of its own, for tests and demos', [
    'cluster start',
    'cluster list',
    'cluster stop',
  ]);
  command('start', 'start a cluster and print where its kubeconfig is', [
    'cluster start',
    'cluster start --name dev --nodes 3 --port 6443',
    'cluster start --seed 7 --headroom 2h',
  ])
    .option('--name <name>', 'what it is called')
    .option('--nodes <number>', 'how many: a control plane, and workers; 1 where absent')
    .option('--port <port>', 'of its API server; any that is free where absent')
    .option('--seed <number>', 'the same names and numbers again')
    .option('--headroom <time>', 'start so far in the past, as room to advance')
    .action((flags: StartClusterFlags) =>
      run(async (context) => (await import('../commands/cluster/start.ts')).startCluster(context, flags)),
    );
  command('list', 'the clusters', ['cluster list', 'cluster list --json']).action(() =>
    run(async (context) => (await import('../commands/cluster/list.ts')).listClusters(context)),
  );
  command('advance <time>', 'move its clock on: what would happen in that time happens now', [
    'cluster advance 10m',
    'cluster advance 1h30m --name dev',
  ])
    .option('--name <name>', 'which cluster; the only one where absent')
    .action((time: string, flags: Named) =>
      run(async (context) =>
        (await import('../commands/cluster/advance.ts')).advanceCluster(context, time, flags),
      ),
    );
  command('stop', 'remove a cluster and everything it left', ['cluster stop', 'cluster stop --all'])
    .option('--name <name>', 'which cluster; the only one where absent')
    .option('--all', 'every cluster')
    .action((flags: Named & { all?: boolean }) =>
      run(async (context) => (await import('../commands/cluster/stop.ts')).stopCluster(context, flags)),
    );
}
