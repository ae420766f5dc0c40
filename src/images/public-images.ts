import { createHash } from 'node:crypto';
import type { RegistrySpec } from '../cluster/registry/types.ts';
import type { Image, ImageFile, Program } from '../cluster/runtime/types.ts';
import { agnhost } from './agnhost/agnhost.ts';
import { busyboxFiles, busyboxImage } from './busybox/image.ts';
import { curl } from './tools/curl.ts';
import { dig } from './tools/dig.ts';
import { getent } from './tools/getent.ts';
import { PUBLIC_REGISTRY } from './public-registry.ts';
import { netcat } from './tools/netcat.ts';
import { nginx } from './web/web-server.ts';

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const PASSWD = 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n';
const GROUP = 'root:x:0:root\nnobody:x:65534:\n';

/**
 * The registry of Kubernetes as far as a cluster of its own needs it: the images of the official tests. A lab has
 * none of it, as it has no internet. https://kubernetes.io/docs/concepts/containers/images/
 */
export function publicRegistry(): RegistrySpec {
  return {
    host: PUBLIC_REGISTRY,
    repositories: {
      pause: tags('pause', ['3.10.2', '3.10.1', '3.9'], pauseImage),
      'e2e-test-images/agnhost': tags('agnhost', ['2.63.0', '2.55'], agnhostImage),
      'e2e-test-images/busybox': tags('busybox', ['1.37.0-1'], (name) => ({
        ...busyboxImage(),
        digest: digestOf(name),
      })),
      'e2e-test-images/glibc-dns-testing': tags('glibc-dns-testing', ['2.0.0'], dnsTestingImage),
      'e2e-test-images/kitten': tags('kitten', ['1.8'], (name) => pictureImage(name, 'kitten')),
      'e2e-test-images/nautilus': tags('nautilus', ['1.8'], (name) => pictureImage(name, 'nautilus')),
      'e2e-test-images/nginx': {
        '1.15-4': nginxImage('nginx:1.15-4', '1.14.2'),
        '1.27-0': nginxImage('nginx:1.27-0', '1.27.5'),
      },
      'e2e-test-images/nonewprivs': tags('nonewprivs', ['1.4'], noNewPrivilegesImage),
      'e2e-test-images/nonroot': tags('nonroot', ['1.5'], (name) => debianImage(name, { user: '1234' })),
    },
  };
}

function tags(
  repository: string,
  names: readonly string[],
  make: (name: string) => Image,
): Readonly<Record<string, Image>> {
  return Object.fromEntries(names.map((tag) => [tag, make(`${repository}:${tag}`)]));
}

function digestOf(name: string): string {
  return `sha256:${createHash('sha256').update(`registry.k8s.io ${name}`).digest('hex')}`;
}

function executable(path: string, program: Program): ImageFile {
  return { path, mode: 0o755, program };
}

/** A container that does nothing until it is told to end. */
const pauseProgram: Program = async (context) => {
  const end = context.deferred<number>();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    context.onSignal(signal, () => {
      context.stderr.write('Shutting down, got signal: Terminated\n');
      end.resolve(0);
    });
  }
  return end.promise;
};

function pauseImage(name: string): Image {
  return {
    digest: digestOf(name),
    sizeBytes: 320_448,
    config: { entrypoint: ['/pause'], env: { PATH }, user: '65535:65535', workingDir: '/' },
    files: [executable('/pause', pauseProgram)],
  };
}

/** Stands for the self-signed certificate of the image: nothing in a cluster trusts it. */
const LOCALHOST = '-----BEGIN CERTIFICATE-----\nbG9jYWxob3N0\n-----END CERTIFICATE-----\n';

const tools: readonly ImageFile[] = [
  executable('/usr/bin/curl', curl),
  executable('/usr/bin/dig', dig),
  executable('/usr/bin/getent', getent),
];

function agnhostFiles(): readonly ImageFile[] {
  return [
    ...busyboxFiles().filter(({ path }) => path !== '/bin/nc'),
    ...tools,
    executable('/usr/bin/nc', netcat),
    executable('/agnhost', agnhost),
    { path: '/agnhost-2', link: 'agnhost' },
    { path: '/bin/bash', link: '/bin/busybox' },
    { path: '/localhost.crt', content: LOCALHOST },
    {
      path: '/etc/os-release',
      content: 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.22.1\nPRETTY_NAME="Alpine Linux v3.22"\n',
    },
    { path: '/uploads', directory: true },
    {
      path: '/etc/passwd',
      content: `${PASSWD}user-defined-in-image:x:1000:1000:Linux User,,,:/home/user-defined-in-image:/bin/sh\n`,
    },
    {
      path: '/etc/group',
      content: `${GROUP}user-defined-in-image:x:1000:\ngroup-defined-in-image:x:50000:user-defined-in-image\n`,
    },
  ];
}

export function agnhostImage(name = 'agnhost:2.63.0'): Image {
  return {
    digest: digestOf(name),
    sizeBytes: 53_684_224,
    config: { entrypoint: ['/agnhost'], cmd: ['pause'], env: { PATH } },
    files: agnhostFiles(),
  };
}

function pictureImage(name: string, animal: string): Image {
  return {
    digest: digestOf(name),
    sizeBytes: 49_230_179,
    config: { entrypoint: ['/agnhost'], cmd: ['test-webserver'], env: { PATH } },
    files: [...agnhostFiles(), { path: '/data.json', content: `{\n  "image": "${animal}.jpg"\n}\n` }],
  };
}

function debianImage(name: string, config: Partial<Image['config']> = {}): Image {
  return {
    digest: digestOf(name),
    sizeBytes: 42_321_438,
    config: { cmd: ['sh'], env: { PATH }, ...config },
    files: [
      ...busyboxFiles(),
      { path: '/etc/passwd', content: PASSWD },
      { path: '/etc/group', content: GROUP },
    ],
  };
}

function dnsTestingImage(name: string): Image {
  const image = debianImage(name, { cmd: ['bash'] });
  return { ...image, files: [...image.files, ...tools, { path: '/bin/bash', link: '/bin/busybox' }] };
}

function noNewPrivilegesImage(name: string): Image {
  const image = debianImage(name, { cmd: ['nnp'] });
  const program: Program = (context) => {
    context.stdout.write(`Effective uid: ${context.user.uid}\n`);
    return Promise.resolve(0);
  };
  return { ...image, files: [...image.files, { path: '/usr/local/bin/nnp', mode: 0o4755, program }] };
}

const WELCOME = `<!DOCTYPE html>
<html>
<head>
<title>Welcome to nginx!</title>
</head>
<body>
<h1>Welcome to nginx!</h1>
</body>
</html>
`;

function nginxImage(name: string, version: string): Image {
  return {
    digest: digestOf(name),
    sizeBytes: 22_631_814,
    config: { cmd: ['nginx', '-g', 'daemon off;'], env: { PATH, NGINX_VERSION: version } },
    files: [
      ...busyboxFiles(),
      executable('/usr/sbin/nginx', nginx(version)),
      { path: '/etc/passwd', content: `${PASSWD}nginx:x:101:101:nginx:/var/cache/nginx:/sbin/nologin\n` },
      { path: '/etc/group', content: `${GROUP}nginx:x:101:\n` },
      { path: '/usr/share/nginx/html/index.html', content: WELCOME },
    ],
  };
}
