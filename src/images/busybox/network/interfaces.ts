import type { Applet, Command } from '../command.ts';
import { Failure } from '../errors.ts';

/** A pod has a loopback and `eth0`, one end of a pair whose other end is the node's: its gateway is link-local to it. */
function macOf(ip: string): string {
  const octets = ip.split('.').map((octet) => Number(octet).toString(16).padStart(2, '0'));
  return ['0a', '58', ...octets].join(':');
}

/** The first address of the node's pod range stands for the node. */
function gatewayOf(ip: string): string {
  return ip.replace(/\.\d+$/, '.1');
}

function networkOf(ip: string): string {
  return ip.replace(/\.\d+$/, '.0');
}

const netstat: Applet = (command) => {
  const options = command.options('laentuwxrWpc');
  if (options.has('r'))
    return showRoutes(command, 'MSS Window  irtt Iface', '0 0          0 eth0', !options.has('n'));
  const { net, processes } = command.context;
  const kinds = options.has('a')
    ? 'servers and established'
    : options.has('l')
      ? 'only servers'
      : 'w/o servers';
  const hasPrograms = options.has('p');
  command.print(
    `Active Internet connections (${kinds})\nProto Recv-Q Send-Q Local Address           Foreign Address         State       ${hasPrograms ? 'PID/Program name    ' : ''}\n`,
  );
  if (kinds === 'w/o servers') return 0;
  const isAny = !options.has('t') && !options.has('u');
  const commands = new Map(
    processes.list().map(({ pid, command: args }) => [pid, args[0]?.split('/').at(-1) ?? '']),
  );
  for (const { protocol, ip, port, pid } of net.listening()) {
    if (!isAny && !options.has(protocol === 'tcp' ? 't' : 'u')) continue;
    const local = `${ip === '::' || ip === '' ? '0.0.0.0' : ip}:${port}`;
    const state = protocol === 'tcp' ? 'LISTEN' : '';
    const program = commands.has(pid) ? `${pid}/${commands.get(pid) ?? ''}` : '-';
    command.print(
      `${protocol.padEnd(5)}      0      0 ${local.padEnd(23)} ${'0.0.0.0:*'.padEnd(23)} ${state.padEnd(11)} ${hasPrograms ? program : ''}\n`,
    );
  }
  return 0;
};

const route: Applet = (command) => {
  const isNamed = !command.options('neA:').has('n');
  return showRoutes(command, 'Metric Ref    Use Iface', '0      0        0 eth0', isNamed);
};

/** @param isNamed whether what is everywhere and what is nowhere are shown as words */
function showRoutes(command: Command, title: string, rest: string, isNamed: boolean): number {
  const { ip } = command.context.net;
  const row = (target: string, gateway: string, mask: string, flags: string): string =>
    `${target.padEnd(15)} ${gateway.padEnd(15)} ${mask.padEnd(15)} ${flags.padEnd(5)} ${rest.startsWith('0 0') ? '  ' : ''}${rest}\n`;
  command.print(
    `Kernel IP routing table\nDestination     Gateway         Genmask         Flags ${rest.startsWith('0 0') ? '  ' : ''}${title}\n`,
  );
  command.print(row(isNamed ? 'default' : '0.0.0.0', gatewayOf(ip), '0.0.0.0', 'UG'));
  command.print(row(networkOf(ip), gatewayOf(ip), '255.255.255.0', 'UG'));
  command.print(row(gatewayOf(ip), isNamed ? '*' : '0.0.0.0', '255.255.255.255', 'UH'));
  return 0;
}

const ip: Applet = (command) => {
  const words = command.args.filter((argument) => !argument.startsWith('-'));
  const [object = '', verb = 'show', ...rest] = words;
  const device = rest.find((word) => word !== 'dev');
  if (!/^(s|l|show|list|dev)/.test(verb) && !/^(eth0|lo)$/.test(verb)) {
    throw new Failure('RTNETLINK answers: Operation not permitted');
  }
  const isShown = (name: string): boolean => device === undefined || device === name || verb === name;
  if ('address'.startsWith(object) && object !== '') showLinks(command, isShown, true);
  else if ('link'.startsWith(object) && object !== '') showLinks(command, isShown, false);
  else if ('route'.startsWith(object) && object !== '') showRoute(command);
  else if ('neighbour'.startsWith(object) && object !== '') {
    const gateway = gatewayOf(command.context.net.ip);
    command.print(`${gateway} dev eth0 lladdr ${macOf(gateway)} ref 1 used 0/0/0 probes 1 REACHABLE \n`);
  } else if ('rule'.startsWith(object) && object !== '') {
    command.print(
      '0:\tfrom all lookup local \n32766:\tfrom all lookup main \n32767:\tfrom all lookup default \n',
    );
  } else throw new Failure(`Object "${object}" is unknown, try "ip help"`);
  return 0;
};

function showLinks(command: Command, isShown: (name: string) => boolean, hasAddresses: boolean): void {
  const own = command.context.net.ip;
  const addresses = (lines: string): string => (hasAddresses ? lines : '');
  const lasting = '       valid_lft forever preferred_lft forever\n';
  if (isShown('lo')) {
    command.print(
      `1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue qlen 1000\n    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n${addresses(`    inet 127.0.0.1/8 scope host lo\n${lasting}`)}`,
    );
  }
  if (isShown('eth0')) {
    command.print(
      `2: eth0@if9: <BROADCAST,MULTICAST,UP,LOWER_UP,M-DOWN> mtu 1500 qdisc noqueue qlen 1000\n    link/ether ${macOf(own)} brd ff:ff:ff:ff:ff:ff\n${addresses(`    inet ${own}/24 brd ${own.replace(/\.\d+$/, '.255')} scope global eth0\n${lasting}`)}`,
    );
  }
}

function showRoute(command: Command): void {
  const own = command.context.net.ip;
  const gateway = gatewayOf(own);
  command.print(
    `default via ${gateway} dev eth0 \n${networkOf(own)}/24 via ${gateway} dev eth0  src ${own} \n${gateway} dev eth0 scope link  src ${own} \n`,
  );
}

const ifconfig: Applet = (command) => {
  const own = command.context.net.ip;
  const [wanted] = command.args.filter((argument) => !argument.startsWith('-'));
  const counters = (queue: number): string =>
    `          RX packets:0 errors:0 dropped:0 overruns:0 frame:0\n          TX packets:0 errors:0 dropped:0 overruns:0 carrier:0\n          collisions:0 txqueuelen:${queue} \n          RX bytes:0 (0.0 B)  TX bytes:0 (0.0 B)\n\n`;
  if (wanted === undefined || wanted === 'eth0') {
    command.print(
      `eth0      Link encap:Ethernet  HWaddr ${macOf(own).toUpperCase()}  \n          inet addr:${own}  Bcast:${own.replace(/\.\d+$/, '.255')}  Mask:255.255.255.0\n          UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1\n${counters(1000)}`,
    );
  }
  if (wanted === undefined || wanted === 'lo') {
    command.print(
      `lo        Link encap:Local Loopback  \n          inet addr:127.0.0.1  Mask:255.0.0.0\n          UP LOOPBACK RUNNING  MTU:65536  Metric:1\n${counters(1000)}`,
    );
  }
  if (wanted !== undefined && wanted !== 'eth0' && wanted !== 'lo') {
    throw new Failure(`${wanted}: error fetching interface information: Device not found`);
  }
  return 0;
};

const arp: Applet = (command) => {
  const gateway = gatewayOf(command.context.net.ip);
  command.print(`? (${gateway}) at ${macOf(gateway)} [ether]  on eth0\n`);
  return 0;
};

export const interfaceApplets: Readonly<Record<string, Applet>> = { netstat, route, ip, ifconfig, arp };
