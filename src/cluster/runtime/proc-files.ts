import { own } from '../../core/json.ts';
import type { NetworkStack } from '../network/types.ts';
import type { Micros } from '../simulation/simulation.ts';
import { SECOND } from '../simulation/simulation.ts';
import type { MountPoint } from './mount-table.ts';
import type { DirectoryNode, Entries, FileNode, Node } from './nodes.ts';
import { limitsText } from './process-limits.ts';
import { directoryNode, fileNode, linkNode, ROOT_OWNED } from './nodes.ts';
import type { SeenEntry } from './process-entry.ts';
import type { ProcessTable } from './process-table.ts';

/** What /proc of a container tells. */
export interface ProcParts {
  readonly table: ProcessTable;
  readonly network: NetworkStack;
  readonly hostname: string;
  readonly now: () => Micros;
  /** When the node booted. */
  readonly bootAt: Micros;
  readonly cores: number;
  /** Bytes of the node; /proc knows nothing of cgroups. */
  readonly memory: { readonly total: number; readonly used: () => number };
  readonly kernel: string;
  readonly sysctls: Readonly<Record<string, string>>;
  readonly mounts: () => readonly MountPoint[];
  readonly oomScoreAdjust: number;
}

/** Ticks a second in /proc/<pid>/stat. */
const TICKS = 100;

function generated(data: () => string, mode = 0o444): FileNode {
  return fileNode(undefined, { mode, ...ROOT_OWNED, modified: 0 }, data);
}

function link(target: string): Node {
  return linkNode(undefined, { mode: 0o777, ...ROOT_OWNED, modified: 0 }, target);
}

function directory(
  entries: Entries | Readonly<Record<string, Node>>,
  owner = ROOT_OWNED as Owner,
): DirectoryNode {
  const all = isEntries(entries) ? entries : new Map(Object.entries(entries));
  return directoryNode(undefined, { mode: 0o555, ...owner, modified: 0 }, all);
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

function isEntries(value: Entries | Readonly<Record<string, Node>>): value is Entries {
  return typeof value.get === 'function';
}

/** Kernel settings that programs look at, as containerd leaves them. */
const SYSCTLS: Readonly<Record<string, string>> = {
  'kernel.msgmax': '8192',
  'kernel.ostype': 'Linux',
  'kernel.pid_max': '4194304',
  'kernel.shm_rmid_forced': '0',
  'kernel.shmmax': '18446744073692774399',
  'net.core.somaxconn': '4096',
  'net.ipv4.ip_forward': '1',
  'net.ipv4.ip_local_port_range': '32768\t60999',
  'net.ipv4.ip_unprivileged_port_start': '0',
  'net.ipv4.ping_group_range': '0\t2147483647',
  'net.ipv4.tcp_keepalive_time': '7200',
  'net.ipv4.tcp_syncookies': '1',
  'vm.max_map_count': '262144',
  'vm.overcommit_memory': '1',
};

/** /proc/sys: a file for every setting, its dots the folders. */
function sysctlDirectory(settings: Readonly<Record<string, string>>): DirectoryNode {
  const below = new Map<string, Record<string, string>>();
  const nodes: Record<string, Node> = {};
  for (const [name, value] of Object.entries(settings)) {
    const dot = name.indexOf('.');
    if (dot < 0) nodes[name] = generated(() => `${value}\n`, 0o644);
    else {
      const folder = name.slice(0, dot);
      below.set(folder, { ...below.get(folder), [name.slice(dot + 1)]: value });
    }
  }
  for (const [folder, inside] of below) nodes[folder] = sysctlDirectory(inside);
  return directory(nodes);
}

/** /proc as process `self` sees it. */
export function procRoot(parts: ProcParts, self: number): DirectoryNode {
  // Every process has its own, and hardly any looks into it.
  const common: Readonly<Record<string, () => Node>> = {
    cpuinfo: () => generated(() => cpuInfo(parts.cores)),
    loadavg: () => generated(() => `0.00 0.00 0.00 1/${parts.table.namespace.list().length} ${self}\n`),
    meminfo: () => generated(() => memoryInfo(parts)),
    mounts: () => link('self/mounts'),
    net: () => directory({ tcp: generated(() => listeningSockets(parts.network, 'tcp')) }),
    self: () => link(String(self)),
    sys: () =>
      sysctlDirectory({
        ...SYSCTLS,
        'kernel.hostname': parts.hostname,
        'kernel.osrelease': parts.kernel,
        ...parts.sysctls,
      }),
    uptime: () =>
      generated(() => {
        const up = ((parts.now() - parts.bootAt) / SECOND).toFixed(2);
        return `${up} ${up}\n`;
      }),
    version: () => generated(() => `Linux version ${parts.kernel} (gcc) #1 SMP\n`),
  };
  const entries: Entries = {
    get: (name) => {
      const fixed = own(common, name);
      if (fixed !== undefined) return fixed();
      const entry = /^[1-9]\d*$/.test(name) ? parts.table.namespace.get(Number(name)) : undefined;
      return entry === undefined ? undefined : processDirectory(parts, self, entry);
    },
    keys: () => [
      ...parts.table.namespace.list().map(({ process }) => String(process.pid)),
      ...Object.keys(common),
    ],
    set: () => undefined,
    delete: () => false,
  };
  return directory(entries);
}

function processDirectory(parts: ProcParts, self: number, entry: SeenEntry): DirectoryNode {
  const { process } = entry;
  const { args, env, cwd, user } = process.identity;
  const owner = { uid: user.uid, gid: user.gid };
  const file = (data: () => string, mode = 0o444): FileNode => ({ ...generated(data, mode), ...owner });
  return directory(
    {
      cgroup: file(() => '0::/\n'),
      cmdline: file(() => args.map((argument) => `${argument}\0`).join('')),
      comm: file(() => `${commandName(entry)}\n`),
      cwd: link(cwd),
      environ: file(
        () =>
          Object.entries(env)
            .map(([name, value]) => `${name}=${value}\0`)
            .join(''),
        0o400,
      ),
      fd: directory(
        { 0: streamDevice(entry, 0), 1: streamDevice(entry, 1), 2: streamDevice(entry, 2) },
        owner,
      ),
      limits: file(limitsText),
      mounts: file(() => mountLines(parts.mounts())),
      root: rootOf(parts, self, entry),
      oom_score: file(() => `${oomScore(parts, entry)}\n`),
      oom_score_adj: file(() => `${parts.oomScoreAdjust}\n`, 0o644),
      stat: file(() => statLine(parts, entry)),
      statm: file(() => statmLine(entry)),
      status: file(() => statusText(entry)),
    },
    owner,
  );
}

/** Its own root is everybody's `/`; that of another container may be looked into by root, and by who it belongs to. */
function rootOf({ table }: ProcParts, self: number, { process, container }: SeenEntry): Node {
  if (container === table) return link('/');
  const reader = table.namespace.get(self)?.process.identity.user.uid ?? 0;
  const mayLook = reader === 0 || reader === process.identity.user.uid;
  if (container !== undefined && mayLook) return container.root();
  return { ...directory({}), mode: 0o000 };
}

function commandName({ process }: SeenEntry): string {
  return (process.identity.args[0]?.split('/').at(-1) ?? '').slice(0, 15);
}

/** `/proc/1/fd/1` and, by way of /proc/self, /dev/stdout. */
function streamDevice(entry: SeenEntry, number: 0 | 1 | 2): Node {
  const { uid, gid } = entry.process.identity.user;
  return {
    type: 'device',
    // A terminal's.
    numbers: [136, number],
    storage: undefined,
    mode: number === 0 ? 0o400 : 0o200,
    uid,
    gid,
    modified: 0,
    read: () => new Uint8Array(),
    write: (bytes) => {
      if (number === 1) entry.stdout?.write(bytes);
      if (number === 2) entry.stderr?.write(bytes);
    },
  };
}

function statusText(entry: SeenEntry): string {
  const { process } = entry;
  const { uid, gid, groups = [] } = process.identity.user;
  const state = process.state === 'R' ? 'R (running)' : 'S (sleeping)';
  const kilobytes = `${String(Math.ceil(process.memory / 1024)).padStart(8)} kB`;
  const lines = [
    ['Name', commandName(entry)],
    ['Umask', '0022'],
    ['State', state],
    ['Tgid', process.pid],
    ['Ngid', 0],
    ['Pid', process.pid],
    ['PPid', process.parent],
    ['TracerPid', 0],
    ['Uid', [uid, uid, uid, uid].join('\t')],
    ['Gid', [gid, gid, gid, gid].join('\t')],
    ['FDSize', 64],
    ['Groups', `${[...new Set([gid, ...groups])].sort((a, b) => a - b).join(' ')} `],
    ['VmPeak', kilobytes],
    ['VmSize', kilobytes],
    ['VmHWM', kilobytes],
    ['VmRSS', kilobytes],
    ['Threads', 1],
  ] as const;
  return lines.map(([name, value]) => `${name}:\t${value}\n`).join('');
}

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function statLine(parts: ProcParts, entry: SeenEntry): string {
  const { process } = entry;
  const ticks = Math.floor((process.thread.usage() * TICKS) / SECOND);
  const start = Math.floor(((process.startedAt - parts.bootAt) * TICKS) / SECOND);
  const identity = [process.pid, `(${commandName(entry)})`, process.state, process.parent];
  const group = [process.pid, process.pid, 0, -1, 4194304];
  const faults = [0, 0, 0, 0];
  const times = [ticks, 0, 0, 0];
  const scheduling = [20, 0, 1, 0, start];
  const memory = [process.memory, Math.ceil(process.memory / 4096)];
  return `${[...identity, ...group, ...faults, ...times, ...scheduling, ...memory].join(' ')}\n`;
}

/** Pages: all, resident, shared, code, none, data, none. */
function statmLine({ process }: SeenEntry): string {
  const pages = Math.ceil(process.memory / 4096);
  return `${pages} ${pages} 0 0 0 ${pages} 0\n`;
}

/**
 * How soon the kernel ends it where memory is short: two thirds of a thousand for what takes nothing and is nothing special.
 * https://man7.org/linux/man-pages/man5/proc_pid_oom_score.5.html
 */
function oomScore({ memory, oomScoreAdjust }: ProcParts, { process }: SeenEntry): number {
  return Math.max(0, Math.floor(((1000 + oomScoreAdjust + (process.memory * 1000) / memory.total) * 2) / 3));
}

function mountLines(mounts: readonly MountPoint[]): string {
  return mounts
    .map(
      (mount) => `${mount.source} ${mount.path} ${mount.type} ${mount.readOnly ? 'ro' : 'rw'},relatime 0 0\n`,
    )
    .join('');
}

function memoryInfo({ memory }: ProcParts): string {
  const line = (name: string, bytes: number): string =>
    `${`${name}:`.padEnd(16)}${String(Math.floor(bytes / 1024)).padStart(8)} kB\n`;
  const free = Math.max(0, memory.total - memory.used());
  return (
    line('MemTotal', memory.total) +
    line('MemFree', free) +
    line('MemAvailable', free) +
    line('Buffers', 0) +
    line('Cached', 0) +
    line('SwapTotal', 0) +
    line('SwapFree', 0)
  );
}

function cpuInfo(cores: number): string {
  let text = '';
  for (let core = 0; core < cores; core++) {
    text += `processor\t: ${core}\nmodel name\t: virtual CPU\ncpu cores\t: ${cores}\n\n`;
  }
  return text;
}

/** Listening sockets in the format of /proc/net/tcp. */
function listeningSockets(network: NetworkStack, protocol: 'tcp' | 'udp'): string {
  const head =
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
  const rows = network.listening().filter((each) => each.protocol === protocol);
  const hex = (value: number, digits: number): string =>
    value.toString(16).toUpperCase().padStart(digits, '0');
  return (
    head +
    rows
      .map(({ ip, port }, index) => {
        const octets = (ip.includes(':') ? '0.0.0.0' : ip).split('.').map(Number).reverse();
        const address = `${octets.map((octet) => hex(octet, 2)).join('')}:${hex(port, 4)}`;
        return `${String(index).padStart(4)}: ${address} 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 0\n`;
      })
      .join('')
  );
}
