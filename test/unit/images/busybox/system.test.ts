import { describe, expect, test } from '@jest/globals';
import { KERNEL_RELEASE } from '../../../../src/cluster/runtime/kernel.ts';
import { BusyboxLab } from '../support.ts';

const sh = async (script: string): Promise<string> => {
  const { stdout, stderr, code } = await new BusyboxLab().sh(script);
  return `${stdout}${stderr}${code === 0 ? '' : `[${String(code)}]`}`;
};

describe('what containers see of their node', () => {
  test('sizes for people', async () => {
    expect(await sh("free -h | awk '/^Mem/ { print $2 } /^Swap/ { print $2 }'")).toBe('8.0G\n0\n');
  });

  test('the way to an address', async () => {
    expect(await sh('ip route get 8.8.8.8')).toMatch(/^8\.8\.8\.8 via \S+\.1 dev eth0 {2}src \S+ \n$/);
  });

  test('its kernel is the one that its status tells', async () => {
    expect(await sh('uname -r; cat /proc/sys/kernel/osrelease')).toBe(
      `${KERNEL_RELEASE}\n${KERNEL_RELEASE}\n`,
    );
  });

  test.each([
    ['mount -t tmpfs none /mnt', 'mount: permission denied (are you root?)\n[1]'],
    ['mount --bind /tmp /mnt', 'mount: permission denied (are you root?)\n[1]'],
    ['mount -o remount,rw /', 'mount: permission denied (are you root?)\n[1]'],
    ['mount /nope', "mount: can't read '/etc/fstab': No such file or directory\n[1]"],
    ['umount /nope', "umount: can't unmount /nope: No such file or directory\n[1]"],
    ['umount /etc/passwd', "umount: can't unmount /etc/passwd: Operation not permitted\n[1]"],
    ['date -s 2020-01-01', "Wed Jan  1 00:00:00 UTC 2020\ndate: can't set date: Operation not permitted\n"],
    ['ip link set eth0 down', 'ip: SIOCSIFFLAGS: Operation not permitted\n[1]'],
    ['ip addr add 1.2.3.4/32 dev lo', 'ip: RTNETLINK answers: Operation not permitted\n[2]'],
    ['ip addr show nope', "ip: can't find device 'nope'\n[1]"],
    ['ip route ls', "ip: invalid argument 'ls' to 'ip'\n[1]"],
    ['ifconfig eth0 down', 'ifconfig: SIOCSIFFLAGS: Operation not permitted\n[1]'],
    ['route add default gw 1.1.1.1', 'route: SIOCADDRT: Operation not permitted\n[1]'],
    [
      'ip -4 addr show lo',
      '1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue qlen 1000\n    inet 127.0.0.1/8 scope host lo\n       valid_lft forever preferred_lft forever\n',
    ],
    [
      'ip -o -4 addr show dev lo',
      '1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever\n',
    ],
    [
      'ip -o link show lo',
      '1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue qlen 1000\\    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n',
    ],
    [
      'netstat',
      'Active Internet connections (w/o servers)\nProto Recv-Q Send-Q Local Address           Foreign Address         State       \nActive UNIX domain sockets (w/o servers)\nProto RefCnt Flags       Type       State         I-Node Path\n',
    ],
    [
      'netstat -tln',
      'Active Internet connections (only servers)\nProto Recv-Q Send-Q Local Address           Foreign Address         State       \n',
    ],
    [
      'netstat -rn | sed -n 2p',
      'Destination     Gateway         Genmask         Flags   MSS Window  irtt Iface\n',
    ],
    [
      'ip rule',
      '0:\tfrom all lookup local \n32766:\tfrom all lookup main \n32767:\tfrom all lookup default \n',
    ],
  ])('%s', async (script, output) => {
    expect(await sh(script)).toBe(output);
  });

  test('devices have numbers', async () => {
    const lines = await sh("ls -l /dev | grep '^c' | sed 's/ *[A-Z][a-z][a-z] .*[0-9] / /'");
    expect(lines).toBe(
      [
        'crw-rw-rw-    1 root     root        1,   7 full',
        'crw-rw-rw-    1 root     root        1,   3 null',
        'crw-rw-rw-    1 root     root        1,   8 random',
        'crw-rw-rw-    1 root     root        1,   9 urandom',
        'crw-rw-rw-    1 root     root        1,   5 zero',
        '',
      ].join('\n'),
    );
  });

  test('a process has limits, those that ulimit tells, and a place among those that memory is taken from', async () => {
    expect(await sh('grep files /proc/1/limits; ulimit -n; cat /proc/1/oom_score')).toMatch(
      /^Max open files {12}1048576 {14}1048576 {14}files {5}\n1048576\n66\d\n$/,
    );
    expect(await sh('cat /proc/1/statm')).toMatch(/^\d+ \d+ 0 0 0 \d+ 0\n$/);
  });

  test('routes have names, or numbers where those are wanted', async () => {
    const targets = "awk 'NR > 2 { print $1, $2 }'";
    expect(await sh(`route | ${targets}`)).toMatch(/^default [\d.]+\n[\d.]+ [\d.]+\n[\d.]+ \*\n$/);
    expect(await sh(`route -n | ${targets}`)).toMatch(
      /^0\.0\.0\.0 [\d.]+\n[\d.]+ [\d.]+\n[\d.]+ 0\.0\.0\.0\n$/,
    );
  });
});
