import type { Image, ImageFile } from '../../cluster/runtime/types.ts';
import { applets } from './applets.ts';
import { busybox } from './busybox.ts';

const BUSYBOX = '/bin/busybox';

/** `/bin/busybox` and a link for each of its applets; they can be added to another image as they are. */
export function busyboxFiles(): readonly ImageFile[] {
  const links = [...applets.keys()].map((name): ImageFile => ({ path: `/bin/${name}`, link: BUSYBOX }));
  return [{ path: BUSYBOX, mode: 0o755, program: busybox }, ...links];
}

const PASSWD = `root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/bin/false
bin:x:2:2:bin:/bin:/bin/false
sys:x:3:3:sys:/dev:/bin/false
sync:x:4:100:sync:/bin:/bin/sync
mail:x:8:8:mail:/var/spool/mail:/bin/false
www-data:x:33:33:www-data:/var/www:/bin/false
operator:x:37:37:Operator:/var:/bin/false
nobody:x:65534:65534:nobody:/home:/bin/false
`;
const GROUP = `root:x:0:
daemon:x:1:
bin:x:2:
sys:x:3:
adm:x:4:
tty:x:5:
disk:x:6:
lp:x:7:
mail:x:8:
kmem:x:9:
wheel:x:10:root
cdrom:x:11:
dialout:x:18:
floppy:x:19:
video:x:28:
audio:x:29:
tape:x:32:
www-data:x:33:
operator:x:37:
utmp:x:43:
plugdev:x:46:
staff:x:50:
lock:x:54:
netdev:x:82:
users:x:100:
nobody:x:65534:
`;

/** `docker.io/library/busybox:1.37` (glibc). */
export function busyboxImage(): Image {
  return {
    digest: 'sha256:f85340bf132ae937d2c2a763b8335c9bab35d6e8293f70f606b9c6178d84f42b',
    sizeBytes: 2_156_515,
    config: {
      cmd: ['sh'],
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
    },
    files: [
      ...busyboxFiles(),
      { path: '/etc/passwd', content: PASSWD },
      { path: '/etc/group', content: GROUP },
      { path: '/etc/nsswitch.conf', content: 'hosts: files dns\n' },
      { path: '/root', directory: true, mode: 0o700 },
      { path: '/usr/bin/env', link: BUSYBOX },
      { path: '/usr/sbin', directory: true },
      { path: '/var/spool/mail', directory: true },
      { path: '/var/www', directory: true },
    ],
  };
}
