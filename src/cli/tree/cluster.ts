import type { Command } from 'commander';
import type { StartClusterFlags } from '../commands/cluster/start.ts';
import type { WhereFlags } from '../cluster/fault-words.ts';
import { type AddCommand, commandsUnder, type Tree } from './define.ts';

interface Named {
  readonly name?: string;
}

/** The embedded Kubernetes without an incident. */
export function addClusterCommands({ command: addCommand, run }: Tree): void {
  const command = commandsUnder(
    addCommand('cluster', 'an embedded Kubernetes of its own, for tests and demos', [
      'cluster start --nodes 3',
      'cluster advance 10m',
      'cluster stop',
    ]),
  );
  command('start', 'start a cluster and print where its kubeconfig is', [
    'cluster start',
    'cluster start --name dev --nodes 3 --port 6443',
    'cluster start --seed 7 --headroom 2h',
  ])
    .option('--name <name>', 'what it is called; breakfix where absent')
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
  named(
    command('advance <time>', 'move its clock on: what would happen in that time happens now', [
      'cluster advance 10m',
      'cluster advance 1h30m --name dev',
    ]),
  ).action((time: string, flags: Named) =>
    run(async (context) =>
      (await import('../commands/cluster/advance.ts')).advanceCluster(context, time, flags),
    ),
  );
  named(command('reset', 'the same cluster as it was after its start', ['cluster reset'])).action(
    (flags: Named) =>
      run(async (context) => (await import('../commands/cluster/reset.ts')).resetCluster(context, flags)),
  );
  addFaultCommands(command, run);
  named(command('stop', 'remove a cluster and everything it left', ['cluster stop', 'cluster stop --all']))
    .option('--all', 'every cluster')
    .action((flags: Named & { all?: boolean }) =>
      run(async (context) => (await import('../commands/cluster/stop.ts')).stopCluster(context, flags)),
    );
}

function addFaultCommands(command: AddCommand, run: Tree['run']): void {
  const faults = command(
    'faults',
    'what is wrong with its machines, network and registries; add and remove',
    ['cluster faults', 'cluster faults add node-lost breakfix-worker', 'cluster faults remove --all'],
  );
  named(faults).action((flags: Named) =>
    run(async (context) => (await import('../commands/cluster/faults.ts')).listFaults(context, flags)),
  );
  const add = commandsUnder(faults);
  named(
    add('add <fault> [values...]', 'put a fault in; breakfix cluster faults lists what there is', [
      'cluster faults add node-lost breakfix-worker --for 10m',
      'cluster faults add packet-loss 30% --port 53 --protocol udp',
      'cluster faults add latency 200ms --from shop',
    ]),
  )
    .option('--for <time>', 'it ends by itself after that')
    .option('--to <address>', 'only packets for an address or range: 10.244.1.0/24')
    .option('--port <port>', 'only packets for a port')
    .option('--protocol <protocol>', 'only tcp, udp or icmp')
    .option('--node <node>', 'only packets that leave a node or come to it')
    .option('--from <pod>', 'only what a pod has begun: namespace/pod, or namespace for all in it')
    .action((fault: string, values: string[], flags: WhereFlags & Named & { for?: string }) =>
      run(async (context) =>
        (await import('../commands/cluster/faults.ts')).addFault(context, fault, values, flags),
      ),
    );
  named(
    add('remove [fault] [values...]', 'mend a fault, or those of a kind', [
      'cluster faults remove node-lost breakfix-worker',
      'cluster faults remove latency',
      'cluster faults remove --all',
    ]),
  )
    .option('--all', 'every fault')
    .action((fault: string | undefined, values: string[], flags: Named & { all?: boolean }) =>
      run(async (context) =>
        (await import('../commands/cluster/faults.ts')).removeFaults(context, fault, values, flags),
      ),
    );
}

const named = (command: Command): Command =>
  command.option('--name <name>', 'which cluster; the only one where absent');
