import type { CpuGroup } from './cpu.ts';
import { PERIOD } from './cpu.ts';
import type { MemoryGroup } from './memory.ts';
import type { DirectoryNode, Node } from './nodes.ts';
import { directoryNode, fileNode, ROOT_OWNED } from './nodes.ts';
import type { ProcessTable } from './process-table.ts';
import { MAX_PROCESSES } from './process-table.ts';

/**
 * /sys/fs/cgroup of a container: its own cgroup, version 2.
 * https://docs.kernel.org/admin-guide/cgroup-v2.html
 */
export function cgroupRoot(table: ProcessTable, cpu: CpuGroup, memory: MemoryGroup): DirectoryNode {
  const { events } = memory;
  return directory({
    'cgroup.controllers': () => 'cpuset cpu io memory hugetlb pids rdma\n',
    'cgroup.procs': () => table.list().reduce((text, { process }) => `${text}${process.pid}\n`, ''),
    'cpu.max': () => `${cpu.quota === undefined ? 'max' : Math.floor(cpu.quota)} ${PERIOD}\n`,
    'cpu.stat': () => {
      const { usageUsec, periods, throttled, throttledUsec } = cpu.statistics();
      return (
        `usage_usec ${usageUsec}\nuser_usec ${usageUsec}\nsystem_usec 0\n` +
        `nr_periods ${periods}\nnr_throttled ${throttled}\nthrottled_usec ${throttledUsec}\nnr_bursts 0\nburst_usec 0\n`
      );
    },
    'cpu.weight': () => `${weightOf(cpu.weight)}\n`,
    'memory.current': () => `${memory.used}\n`,
    'memory.events': () =>
      `low 0\nhigh 0\nmax ${events.max}\noom ${events.oom}\noom_kill ${events.oomKill}\noom_group_kill ${events.oomGroupKill}\n`,
    'memory.max': () => `${memory.limit ?? 'max'}\n`,
    'memory.oom.group': () => '1\n',
    'memory.peak': () => `${memory.peak}\n`,
    'memory.stat': () => `anon ${memory.used}\nfile 0\nkernel 0\nshmem 0\ninactive_file 0\nactive_file 0\n`,
    'memory.swap.current': () => '0\n',
    'memory.swap.max': () => '0\n',
    'pids.current': () => `${table.size}\n`,
    'pids.max': () => `${MAX_PROCESSES}\n`,
  });
}

/** /sys with nothing but the place where the cgroup is mounted. */
export function sysRoot(): DirectoryNode {
  const empty = directory({});
  const fs = directoryNode(undefined, attributes(0o755), new Map<string, Node>([['cgroup', empty]]));
  return directoryNode(undefined, attributes(0o555), new Map<string, Node>([['fs', fs]]));
}

/** cpu.weight that runc computes from cpu.shares (2 … 262144 → 1 … 10000). */
function weightOf(shares: number): number {
  return 1 + Math.floor(((shares - 2) * 9999) / 262142);
}

function attributes(mode: number): { mode: number; uid: number; gid: number; modified: number } {
  return { mode, ...ROOT_OWNED, modified: 0 };
}

function directory(files: Readonly<Record<string, () => string>>): DirectoryNode {
  const entries = new Map<string, Node>();
  for (const [name, data] of Object.entries(files)) {
    entries.set(name, fileNode(undefined, attributes(0o444), data));
  }
  return directoryNode(undefined, attributes(0o555), entries);
}
