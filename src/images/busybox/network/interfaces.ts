import type { Applet, Command } from '../command.ts';
import type { Options } from '../options.ts';
import { Failure, UsageError } from '../errors.ts';

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
    return showRoutes(command, '  MSS Window  irtt Iface', '    0 0          0 eth0', !options.has('n'));
  const kinds = options.has('a')
    ? 'servers and established'
    : options.has('l')
      ? 'only servers'
      : 'w/o servers';
  const isAny = !['t', 'u', 'w', 'x'].some((letter) => options.has(letter));
  if (isAny || ['t', 'u', 'w'].some((letter) => options.has(letter)))
    showSockets(command, options, kinds, isAny);
  if (isAny || options.has('x')) {
    const programs = options.has('p') ? 'PID/Program name    ' : '';
    command.print(
      `Active UNIX domain sockets (${kinds})\nProto RefCnt Flags       Type       State         I-Node ${programs}Path\n`,
    );
  }
  return 0;
};

/** @param isAny whether all protocols are wanted */
function showSockets(command: Command, options: Options, kinds: string, isAny: boolean): void {
  const { net, processes } = command.context;
  const hasPrograms = options.has('p');
  command.print(
    `Active Internet connections (${kinds})\nProto Recv-Q Send-Q Local Address           Foreign Address         State       ${hasPrograms ? 'PID/Program name    ' : ''}\n`,
  );
  if (kinds === 'w/o servers') return;
  const commands = new Map(
    processes.list().map(({ pid, command: args }) => [pid, args[0]?.split('/').at(-1) ?? '']),
  );
  for (const { protocol, ip, port, pid } of net.listening()) {
    if (!isAny && !options.has(protocol === 'tcp' ? 't' : 'u')) continue;
    const local = `${ip}:${port}`;
    const other = ip === '::' ? ':::*' : '0.0.0.0:*';
    const state = protocol === 'tcp' ? 'LISTEN' : '';
    const program = commands.has(pid) ? `${pid}/${commands.get(pid) ?? ''}` : '-';
    command.print(
      `${protocol.padEnd(5)}      0      0 ${local.padEnd(23)} ${other.padEnd(23)} ${state.padEnd(11)} ${hasPrograms ? program : ''}\n`,
    );
  }
}

const route: Applet = (command) => {
  const options = command.options('neA:');
  const [verb] = options.operands;
  if (verb === 'add' || verb === 'del') throw notPermitted(verb === 'add' ? 'SIOCADDRT' : 'SIOCDELRT');
  const isNamed = !options.has('n');
  return showRoutes(command, 'Metric Ref    Use Iface', '0      0        0 eth0', isNamed);
};

/** @param isNamed whether what is everywhere and what is nowhere are shown as words */
function showRoutes(command: Command, title: string, rest: string, isNamed: boolean): number {
  const { ip } = command.context.net;
  const row = (target: string, gateway: string, mask: string, flags: string): string =>
    `${target.padEnd(15)} ${gateway.padEnd(15)} ${mask.padEnd(15)} ${flags.padEnd(5)} ${rest}\n`;
  command.print(`Kernel IP routing table\nDestination     Gateway         Genmask         Flags ${title}\n`);
  command.print(row(isNamed ? 'default' : '0.0.0.0', gatewayOf(ip), '0.0.0.0', 'UG'));
  command.print(row(networkOf(ip), gatewayOf(ip), '255.255.255.0', 'UG'));
  command.print(row(gatewayOf(ip), isNamed ? '*' : '0.0.0.0', '255.255.255.255', 'UH'));
  return 0;
}

/** Nobody in a pod has the capability that changing the network takes. */
function notPermitted(call: string, code = 1): Failure {
  return new Failure(`${call}: Operation not permitted`, code);
}

interface Flags {
  readonly isOneLine: boolean;
  readonly family: string | undefined;
  /** What follows the options. */
  readonly words: readonly string[];
}

function readFlags(args: readonly string[]): Flags {
  const words = [...args];
  let isOneLine = false;
  let family: string | undefined;
  while (words[0]?.startsWith('-') === true) {
    const flag = words.shift() ?? '';
    if (flag === '-4') family = 'inet';
    else if (flag === '-6') family = 'inet6';
    else if ('-oneline'.startsWith(flag)) isOneLine = true;
    else if ('-family'.startsWith(flag)) family = words.shift();
    else throw new UsageError();
  }
  return { isOneLine, family, words };
}

/** What shows things, or the device itself. */
const SHOWING = /^(s(h(ow?)?)?|l(i(st?)?|st?)?|dev|eth0|lo)$/;

const ip: Applet = (command) => {
  const flags = readFlags(command.args);
  const [word = '', verb = 'show', ...rest] = flags.words;
  const object = ['address', 'route', 'link', 'rule', 'neigh'].find((each) => each.startsWith(word));
  if (word === '' || object === undefined) throw new UsageError();
  if (object === 'route' && verb === 'get') {
    command.print(routeTo(command.context.net.ip, rest[0] ?? ''));
    return 0;
  }
  // Routes have no `ls`.
  if (!SHOWING.test(verb) || (object === 'route' && verb === 'ls')) throw refusal(object, verb);
  if (object === 'address' || object === 'link') {
    const device = /^(eth0|lo)$/.test(verb) ? verb : rest.find((each) => each !== 'dev');
    showLinks(command, flags, object === 'address', device);
  } else if (object === 'route') showRoute(command);
  else if (object === 'neigh') {
    const gateway = gatewayOf(command.context.net.ip);
    command.print(`${gateway} dev eth0 lladdr ${macOf(gateway)} ref 1 used 0/0/0 probes 1 REACHABLE \n`);
  } else {
    command.print(
      '0:\tfrom all lookup local \n32766:\tfrom all lookup main \n32767:\tfrom all lookup default \n',
    );
  }
  return 0;
};

function refusal(object: string, verb: string): Failure {
  if (object === 'link' && verb === 'set') return notPermitted('SIOCSIFFLAGS');
  if (verb === 'flush') return notPermitted("can't send flush request");
  if (/^(add|del|delete|change|replace|append)$/.test(verb)) return notPermitted('RTNETLINK answers', 2);
  return new Failure(`invalid argument '${verb}' to 'ip'`);
}

function routeTo(own: string, target: string): string {
  const gateway = gatewayOf(own);
  return `${target}${target === gateway ? '' : ` via ${gateway}`} dev eth0  src ${own} \n`;
}

/** @param device the only one that is shown, if any is named */
function showLinks(
  command: Command,
  { isOneLine, family }: Flags,
  hasAddresses: boolean,
  device: string | undefined,
): void {
  const own = command.context.net.ip;
  const links = [
    {
      name: 'lo',
      title: '1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue qlen 1000',
      link: 'link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00',
      address: 'inet 127.0.0.1/8 scope host lo',
    },
    {
      name: 'eth0',
      title: '2: eth0@if9: <BROADCAST,MULTICAST,UP,LOWER_UP,M-DOWN> mtu 1500 qdisc noqueue qlen 1000',
      link: `link/ether ${macOf(own)} brd ff:ff:ff:ff:ff:ff`,
      address: `inet ${own}/24 brd ${own.replace(/\.\d+$/, '.255')} scope global eth0`,
    },
  ];
  if (device !== undefined && links.every(({ name }) => name !== device)) {
    throw new Failure(`can't find device '${device}'`);
  }
  // There are no addresses of IPv6, and a link without any of the family is left out.
  if (hasAddresses && family === 'inet6') return;
  const end = isOneLine ? '\\' : '\n';
  for (const [index, { name, title, link, address }] of links.entries()) {
    if (device !== undefined && device !== name) continue;
    const lasting = `${address}${end}       valid_lft forever preferred_lft forever\n`;
    if (!hasAddresses) command.print(`${title}${end}    ${link}\n`);
    else if (isOneLine) command.print(`${index + 1}: ${name}    ${lasting}`);
    else command.print(`${title}\n${family === undefined ? `    ${link}\n` : ''}    ${lasting}`);
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
  const [wanted, change] = command.args.filter((argument) => !argument.startsWith('-'));
  if (change !== undefined) throw notPermitted(/^(up|down)$/.test(change) ? 'SIOCSIFFLAGS' : 'SIOCSIFADDR');
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
