import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { FileTree, Mount } from '../../../../src/cluster/runtime/container-types.ts';
import { VolumeTree } from '../../../../src/cluster/runtime/file-tree.ts';
import type {
  FileSystem,
  Image,
  ImageFile,
  Program,
  ProgramContext,
} from '../../../../src/cluster/runtime/types.ts';
import { cat, imageOf, Lab, sleeper } from './lab.ts';

const volume = (limit?: number): VolumeTree => new VolumeTree(() => 1000, { limit });

const mount = (path: string, tree: FileTree, options: Partial<Mount> = {}): Mount => ({
  path,
  tree,
  readOnly: false,
  source: '/dev/vda1',
  type: 'ext4',
  ...options,
});

/** Runs `look` as a program of a container and returns what it returned. */
async function inside<T>(
  look: (files: FileSystem, context: ProgramContext) => T,
  config: Parameters<Lab['create']>[0] = { image: imageOf({}) },
  files: readonly ImageFile[] = [],
): Promise<T> {
  const lab = new Lab();
  let result: { value: T } | undefined;
  const program: Program = (context) => {
    result = { value: look(context.files, context) };
    return Promise.resolve(0);
  };
  const image: Image = imageOf({ '/app': program }, files);
  await lab.run(program, { ...config, image });
  if (result === undefined) throw new Error(lab.log);
  return result.value;
}

const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
  return 'no error';
};

describe('a tree of files', () => {
  test('keeps text, bytes, modes, owners and times', () => {
    const tree = volume();
    tree.mkdir('/a/b', { parents: true });
    tree.write('/a/b/c', 'one');
    tree.write('/a/b/c', new Uint8Array([33]), { append: true });
    tree.chmod('/a/b/c', 0o600);
    tree.chown('/a/b/c', 1000, 2000);
    tree.touch('/a/b/c', 5);
    tree.touch('/a/new');
    expect(tree.readText('/a/b/c')).toBe('one!');
    expect(tree.stat('/a/b/c')).toEqual({
      type: 'file',
      mode: 0o600,
      uid: 1000,
      gid: 2000,
      size: 4,
      modified: 5,
    });
    expect(tree.list('/a')).toEqual(['b', 'new']);
    expect(tree.stat('/a').type).toBe('directory');
    expect(tree.usedBytes).toBe(4);
  });

  test('does not change when the caller changes the bytes it gave', () => {
    const tree = volume();
    const bytes = new Uint8Array([65]);
    tree.write('/a', bytes);
    bytes[0] = 66;
    expect(tree.readText('/a')).toBe('A');
  });

  test('follows links, and swaps one at a stroke', () => {
    const tree = volume();
    tree.mkdir('/..v1');
    tree.mkdir('/..v2');
    tree.write('/..v1/key', 'old');
    tree.write('/..v2/key', 'new');
    tree.symlink('..v1', '/..data');
    tree.symlink('..data/key', '/key');
    expect(tree.readText('/key')).toBe('old');
    tree.symlink('..v2', '/..data_tmp');
    tree.rename('/..data_tmp', '/..data');
    tree.remove('/..v1', { recursive: true });
    expect(tree.readText('/key')).toBe('new');
    expect(tree.lstat('/key')).toMatchObject({ type: 'symlink', target: '..data/key' });
    expect(tree.stat('/key').type).toBe('file');
    expect(tree.usedBytes).toBe(3);
    tree.symlink('/loop', '/loop');
    expect(codeOf(() => tree.read('/loop'))).toBe('ELOOP');
    tree.symlink('nowhere', '/dangling');
    expect(tree.exists('/dangling')).toBe(false);
    tree.write('/dangling', 'made');
    expect(tree.readText('/nowhere')).toBe('made');
    expect(tree.readText('/..v2/../../key')).toBe('new');
  });

  test.each<[string, (tree: FileTree) => unknown, string]>([
    ['reading what is not there', (tree) => tree.read('/x'), 'ENOENT'],
    ['reading a directory', (tree) => tree.read('/dir'), 'EISDIR'],
    ['writing a directory', (tree) => tree.write('/dir', ''), 'EISDIR'],
    ['writing below what is not there', (tree) => tree.write('/x/y', ''), 'ENOENT'],
    ['a path through a file', (tree) => tree.read('/file/x'), 'ENOTDIR'],
    ['listing a file', (tree) => tree.list('/file'), 'ENOTDIR'],
    ['making what exists', (tree) => tree.mkdir('/dir'), 'EEXIST'],
    ['making a directory over a file', (tree) => tree.mkdir('/file', { parents: true }), 'EEXIST'],
    ['linking over what exists', (tree) => tree.symlink('x', '/file'), 'EEXIST'],
    ['removing a directory that is not empty', (tree) => tree.remove('/dir'), 'ENOTEMPTY'],
    ['removing the root', (tree) => tree.remove('/'), 'EBUSY'],
    ['moving a directory into itself', (tree) => tree.rename('/dir', '/dir/sub/x'), 'EINVAL'],
    ['moving a file over a directory', (tree) => tree.rename('/file', '/dir'), 'EISDIR'],
    ['moving a directory over a file', (tree) => tree.rename('/dir', '/file'), 'ENOTDIR'],
    ['moving over a full directory', (tree) => tree.rename('/empty', '/dir'), 'ENOTEMPTY'],
    ['a path that is not absolute', (tree) => tree.read('file'), 'EINVAL'],
  ])('%s fails', (_what, act, code) => {
    const tree = volume();
    tree.mkdir('/dir/sub', { parents: true });
    tree.mkdir('/empty');
    tree.write('/file', 'x');
    expect(codeOf(() => act(tree))).toBe(code);
  });

  test('names and paths have an end', () => {
    const tree = volume();
    tree.mkdir(`/${'n'.repeat(255)}`);
    expect(codeOf(() => tree.mkdir(`/${'n'.repeat(256)}`))).toBe('ENAMETOOLONG');
    expect(codeOf(() => tree.mkdir(`/${'ü'.repeat(128)}`))).toBe('ENAMETOOLONG');
    expect(codeOf(() => tree.stat(`/${'a/'.repeat(2047)}`))).toBe('ENOENT');
    expect(codeOf(() => tree.stat(`/${'a/'.repeat(2048)}`))).toBe('ENAMETOOLONG');
  });

  test('is full at its limit and has room again after a removal', () => {
    const tree = volume(10);
    tree.write('/a', '12345678');
    expect(codeOf(() => tree.write('/b', '123'))).toBe('ENOSPC');
    // What fits is there.
    expect(tree.readText('/b')).toBe('12');
    expect(codeOf(() => tree.write('/a', '123', { append: true }))).toBe('ENOSPC');
    expect(tree.readText('/a')).toBe('12345678');
    tree.write('/c', '');
    tree.remove('/b');
    tree.write('/a', '1234567890');
    tree.remove('/a');
    tree.write('/b', '1234567890');
    expect(tree.usedBytes).toBe(10);
  });

  test('all of a node share its disk, which is full some day, and is free again', async () => {
    const lab = new Lab();
    const tree = lab.runtime.createTree();
    const fill: Program = async (context) => {
      const { files } = context;
      context.stdout.write(
        [
          () => {
            for (;;) files.write('/volume/x', new Uint8Array(4 * 1024 * 1024), { append: true });
          },
          () => files.write('/layer', 'x'),
          () => files.mkdir('/folder'),
          () => files.symlink('/layer', '/link'),
          () => files.write('/dev/shm/x', 'x'),
        ]
          .map(codeOf)
          .join(' '),
      );
      await Promise.resolve();
      return 0;
    };
    await lab.run(fill, { mounts: [mount('/volume', tree)] });
    expect(lab.log).toBe('ENOSPC ENOSPC ENOSPC ENOSPC ENOSPC');
    expect(tree.usedBytes).toBeGreaterThan(250 * 1024 * 1024);
    expect(tree.usedBytes).toBeLessThan(257 * 1024 * 1024);
    // The kubelet goes on, and so do others when the volume is gone.
    tree.write('/more', 'x');
    const look: Program = (context) => {
      context.stdout.write(codeOf(() => context.files.write('/x', 'x')));
      return Promise.resolve(0);
    };
    lab.log = '';
    await lab.run(look);
    tree.discard();
    await lab.run(look);
    expect(lab.log).toBe('ENOSPCno error');
  });

  test('folders and empty files take room as well, and give it back', async () => {
    const lab = new Lab();
    const fill: Program = (context) => {
      context.files.write('/most', new Uint8Array(255 * 1024 * 1024));
      let made = 0;
      const all = (): void => {
        for (; ; made++) context.files.mkdir(`/${made}`);
      };
      const code = codeOf(all);
      for (let index = 0; index < made; index++) context.files.remove(`/${index}`);
      const before = made;
      made = 0;
      context.stdout.write(`${code} ${codeOf(all)} ${before > 500} ${before === made}`);
      return Promise.resolve(0);
    };
    await lab.run(fill);
    expect(lab.log).toBe('ENOSPC ENOSPC true true');
  });

  test('counts its bytes right whatever is done to it', () => {
    const name = fc.constantFrom('a', 'b', 'c');
    const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => `/${names.join('/')}`);
    const act = fc.oneof(
      fc.record({
        kind: fc.constant('write' as const),
        path,
        text: fc.string({ maxLength: 9 }),
        append: fc.boolean(),
      }),
      fc.record({ kind: fc.constant('mkdir' as const), path }),
      fc.record({ kind: fc.constant('remove' as const), path }),
      fc.record({ kind: fc.constant('rename' as const), path, to: path }),
    );
    const sizeOf = (tree: FileTree, at: string): number =>
      tree.list(at).reduce((sum, entry) => {
        const below = `${at === '/' ? '' : at}/${entry}`;
        return sum + (tree.lstat(below).type === 'directory' ? sizeOf(tree, below) : tree.lstat(below).size);
      }, 0);
    fc.assert(
      fc.property(fc.array(act, { maxLength: 30 }), (acts) => {
        const tree = volume();
        for (const each of acts) {
          codeOf(() => {
            if (each.kind === 'write') tree.write(each.path, each.text, { append: each.append });
            if (each.kind === 'mkdir') tree.mkdir(each.path, { parents: true });
            if (each.kind === 'remove') tree.remove(each.path, { recursive: true });
            if (each.kind === 'rename') tree.rename(each.path, each.to);
          });
        }
        expect(tree.usedBytes).toBe(sizeOf(tree, '/'));
      }),
    );
  });
});

describe('the files of a container', () => {
  test('are its image’s; what it changes is its own', async () => {
    const lab = new Lab();
    const change: Program = ({ files, stdout }) => {
      stdout.write(`${files.readText('/srv/data/a')}${files.exists('/srv/data/b') ? '!' : ''}\n`);
      files.write('/srv/data/a', 'changed');
      files.write('/srv/data/b', 'new');
      files.rename('/srv/data/sub', '/srv/data/moved');
      files.chmod('/srv/data', 0o700);
      files.remove('/etc/group');
      return Promise.resolve(0);
    };
    const image = imageOf({ '/app': change }, [
      { path: '/srv/data/a', content: 'original' },
      { path: '/srv/data/sub/x', content: 'x' },
    ]);
    const first = lab.start({ image });
    const second = lab.start({ image });
    await lab.advance(1);
    expect(lab.log).toBe('original\noriginal\n');
    expect([first.exit?.code, second.exit?.code]).toEqual([0, 0]);
    expect(first.container.usage().files).toBe('changed'.length + 'new'.length);
  });

  test('have accounts, a temporary folder and devices', async () => {
    const seen = await inside((files, { stdout }) => {
      files.write('/dev/null', 'gone');
      files.write('/dev/stdout', 'to the log');
      stdout.write('!');
      return [
        files.readText('/etc/passwd').split('\n')[0],
        files.stat('/tmp').mode,
        files.stat('/root').mode,
        files.readText('/dev/null'),
        files.read('/dev/zero').every((byte) => byte === 0),
        files.read('/dev/urandom').length > 0,
        files.stat('/dev/null').type,
        codeOf(() => files.write('/dev/full', 'x')),
        files.lstat('/dev/stdout').target,
      ];
    });
    expect(seen).toEqual([
      'root:x:0:0:root:/root:/bin/sh',
      0o1777,
      0o700,
      '',
      true,
      true,
      'device',
      'ENOSPC',
      '/proc/self/fd/1',
    ]);
  });

  test('obey permissions of a user that is not root', async () => {
    const results = await inside(
      (files) => ({
        readSecret: codeOf(() => files.read('/secret')),
        readGroup: codeOf(() => files.read('/group')),
        writeOwn: codeOf(() => files.write('/mine', 'x')),
        writeRoot: codeOf(() => files.write('/etc/passwd', 'x')),
        create: codeOf(() => files.write('/new', 'x')),
        mkdir: codeOf(() => files.mkdir('/dir')),
        enter: codeOf(() => files.stat('/root/x')),
        removeOthers: codeOf(() => files.remove('/tmp/roots')),
        tmp: codeOf(() => files.write('/tmp/mine', 'x')),
        owner: files.stat('/tmp/mine').uid,
        removeMine: codeOf(() => files.remove('/tmp/mine')),
        chmod: codeOf(() => files.chmod('/etc/passwd', 0o777)),
        chownOwn: codeOf(() => files.chown('/mine', 0, 0)),
        chgrp: codeOf(() => files.chown('/mine', 1000, 3000)),
        listRoot: codeOf(() => files.list('/root')),
        removeFull: codeOf(() => files.remove('/etc', { recursive: true })),
      }),
      { image: imageOf({}), user: { uid: 1000, gid: 1000, groups: [3000] } },
      [
        { path: '/secret', content: 's', mode: 0o600 },
        { path: '/group', content: 's', mode: 0o040 },
        { path: '/mine', content: 'm', uid: 1000 },
        { path: '/tmp/roots', content: 'r', mode: 0o666 },
      ],
    );
    expect(results).toEqual({
      readSecret: 'EACCES',
      readGroup: 'EACCES',
      writeOwn: 'no error',
      writeRoot: 'EACCES',
      create: 'EACCES',
      mkdir: 'EACCES',
      enter: 'EACCES',
      removeOthers: 'EPERM',
      tmp: 'no error',
      owner: 1000,
      removeMine: 'no error',
      chmod: 'EPERM',
      chownOwn: 'EPERM',
      chgrp: 'no error',
      listRoot: 'EACCES',
      removeFull: 'EACCES',
    });
  });

  test('a group gets in by supplementary groups, and a setgid folder hands its group on', async () => {
    const tree = volume();
    tree.chown('/', 0, 3000);
    tree.chmod('/', 0o2775);
    const mounts = [mount('/data', tree)];
    const stat = await inside(
      (files) => {
        files.write('/data/x', 'x');
        files.mkdir('/data/dir');
        return [
          files.stat('/data/x').gid,
          files.stat('/data/dir').mode & 0o2000,
          codeOf(() => files.write('/y', '')),
        ];
      },
      { image: imageOf({}), user: { uid: 1000, gid: 1000, groups: [3000] }, mounts },
    );
    expect(stat).toEqual([3000, 0o2000, 'EACCES']);
  });

  test('cannot be changed with a read-only root, mounts and /dev excepted', async () => {
    const tree = volume();
    const results = await inside(
      (files) => [
        codeOf(() => files.write('/x', '')),
        codeOf(() => files.write('/etc/passwd', '')),
        codeOf(() => files.mkdir('/tmp/x')),
        codeOf(() => files.remove('/etc/passwd')),
        codeOf(() => files.write('/data/x', 'ok')),
        codeOf(() => files.write('/dev/null', '')),
        codeOf(() => files.rename('/data/x', '/tmp/x')),
      ],
      { image: imageOf({}), readOnlyRoot: true, mounts: [mount('/data', tree)] },
    );
    expect(results).toEqual(['EROFS', 'EROFS', 'EROFS', 'EROFS', 'no error', 'no error', 'EXDEV']);
    expect(tree.readText('/x')).toBe('ok');
  });
});

describe('mounts', () => {
  test('two containers share a volume, one of them read-only', async () => {
    const lab = new Lab();
    const tree = lab.runtime.createTree();
    const writer = imageOf({
      '/app': (context) => {
        context.files.write('/out/log', `${context.args[1]}\n`, { append: true });
        return Promise.resolve(0);
      },
    });
    const reader = imageOf({
      '/app': (context) => {
        context.stdout.write(context.files.readText('/in/log'));
        context.stdout.write(codeOf(() => context.files.write('/in/log', '')));
        return Promise.resolve(0);
      },
    });
    lab.start({ image: writer, args: ['one'], mounts: [mount('/out', tree)] });
    lab.start({ image: writer, args: ['two'], mounts: [mount('/out', tree)] });
    await lab.advance(1);
    lab.start({ image: reader, mounts: [mount('/in', tree, { readOnly: true })] });
    await lab.advance(1);
    expect(lab.log).toBe('one\ntwo\nEROFS');
  });

  test('hide what the image has, follow its links, and show in lists and /proc/mounts', async () => {
    const tree = volume();
    tree.write('/token', 't');
    const mounts = [mount('/var/run/secrets', tree, { readOnly: true, source: 'tmpfs', type: 'tmpfs' })];
    const seen = await inside(
      (files) => [
        files.list('/run/secrets'),
        files.list('/run'),
        files.mounts().find(({ path }) => path === '/run/secrets'),
        files.readText('/proc/mounts').includes('tmpfs /run/secrets tmpfs ro,relatime 0 0\n'),
        codeOf(() => files.remove('/run/secrets', { recursive: true })),
        codeOf(() => files.remove('/run')),
        codeOf(() => files.rename('/run', '/ran')),
      ],
      { image: imageOf({}), mounts },
      [
        { path: '/var/run', link: '/run' },
        { path: '/run/secrets/old', content: '' },
      ],
    );
    expect(seen).toEqual([
      ['token'],
      ['secrets'],
      { source: 'tmpfs', path: '/run/secrets', type: 'tmpfs', readOnly: true },
      true,
      'EBUSY',
      'ENOTEMPTY',
      'EBUSY',
    ]);
  });

  test('a mount inside a mount, given in any order', async () => {
    const outer = volume();
    const inner = volume();
    inner.write('/x', 'inner');
    const seen = await inside((files) => [files.list('/a'), files.readText('/a/b/c/x')], {
      image: imageOf({}),
      mounts: [mount('/a/b/c', inner), mount('/a', outer, { readOnly: true })],
    });
    expect(seen).toEqual([['b'], 'inner']);
    expect(outer.list('/b')).toEqual(['c']);
  });

  test('a sub-path binds what stands there at the start: it does not follow a swapped link', async () => {
    const lab = new Lab();
    const tree = lab.runtime.createTree();
    tree.mkdir('/..v1');
    tree.write('/..v1/conf', 'old');
    tree.symlink('..v1', '/..data');
    tree.symlink('..data/conf', '/conf');
    const { container } = lab.start({
      image: imageOf({
        '/app': sleeper,
        '/bin/cat': async (context) => {
          context.stdout.write(context.files.readText(context.args[1] ?? ''));
          return Promise.resolve(0);
        },
      }),
      mounts: [
        mount('/etc/app.conf', tree, { subPath: 'conf' }),
        mount('/etc/live', tree),
        mount('/made', tree, { subPath: 'x/y' }),
      ],
    });
    tree.mkdir('/..v2');
    tree.write('/..v2/conf', 'new');
    tree.symlink('..v2', '/..tmp');
    tree.rename('/..tmp', '/..data');
    expect((await lab.exec(container, ['cat', '/etc/app.conf'])).stdout).toBe('old');
    expect((await lab.exec(container, ['cat', '/etc/live/conf'])).stdout).toBe('new');
    expect(tree.stat('/x/y').type).toBe('directory');
  });

  test('a file does not mount on a directory', () => {
    const lab = new Lab();
    const tree = lab.runtime.createTree();
    tree.write('/f', '');
    const mounts = [mount('/etc', tree, { subPath: 'f' })];
    const container = lab.create({ image: imageOf({ '/app': sleeper }), mounts });
    expect(() => container.start(() => {})).toThrow(
      'unable to start container process: error during container init: error mounting "/dev/vda1" to rootfs at "/etc": not a directory',
    );
  });

  test('a program that is copied to a volume runs in another container', async () => {
    const lab = new Lab();
    const tree = lab.runtime.createTree();
    const copier: Program = ({ files }) => {
      files.write('/shared/tool', files.read('/bin/cat'), { mode: 0o755 });
      return Promise.resolve(0);
    };
    lab.start({ image: imageOf({ '/app': copier, '/bin/cat': cat }), mounts: [mount('/shared', tree)] });
    await lab.advance(1);
    const { container } = lab.start({ image: imageOf({ '/app': sleeper }), mounts: [mount('/tools', tree)] });
    expect((await lab.exec(container, ['/tools/tool'], { stdin: 'works' })).stdout).toBe('works');
  });
});

test('mounts tell how much they may hold', async () => {
  const lab = new Lab();
  const tree = lab.runtime.createTree({ limit: 8 * 1024 * 1024 });
  let sizes: unknown;
  const program: Program = ({ files }) => {
    sizes = ['/', '/dev', '/m'].map((path) => files.mounts().find((each) => each.path === path)?.size);
    return Promise.resolve(0);
  };
  await lab.run(program, { mounts: [mount('/m', tree)] });
  expect(sizes).toEqual([undefined, 64 * 1024 * 1024, 8 * 1024 * 1024]);
});

describe('/proc and /sys', () => {
  test('name every group of a process once', async () => {
    const lab = new Lab();
    let status = '';
    const program: Program = ({ files }) => {
      status = files.readText('/proc/self/status');
      return Promise.resolve(0);
    };
    await lab.run(program, { user: { uid: 1000, gid: 3000, groups: [2000, 3000] } });
    expect(status).toMatch(/^Groups:\t2000 3000 $/m);
  });

  test('show processes and cgroup', async () => {
    const lab = new Lab();
    let seen: Record<string, unknown> = {};
    await lab.run(
      async ({ files, processes, memory, cpu, clock }) => {
        processes.fork(sleeper, ['child', '-x'], {});
        memory.allocate(1024 * 1024);
        await cpu.spend(30_000);
        await clock.sleep(1000);
        seen = {
          names: files.list('/proc').filter((name) => /^\d+$/.test(name)),
          self: files.lstat('/proc/self').target,
          cmdline: files.readText('/proc/2/cmdline'),
          comm: files.readText('/proc/self/comm'),
          environ: files.readText('/proc/1/environ').includes('A=b\0'),
          status: /^VmRSS:\t +1536 kB$/m.test(files.readText('/proc/self/status')),
          parent: /^PPid:\t1$/m.test(files.readText('/proc/2/status')),
          stat: files.readText('/proc/1/stat').split(' ').slice(0, 4),
          cgroup: files.readText('/proc/self/cgroup'),
          uptime: files.readText('/proc/uptime').startsWith('1.1'),
          cpus: files.readText('/proc/cpuinfo').match(/processor/g)?.length,
          total: /MemTotal: +8388608 kB/.test(files.readText('/proc/meminfo')),
          memory: ['max', 'current', 'peak'].map((name) => files.readText(`/sys/fs/cgroup/memory.${name}`)),
          events: files.readText('/sys/fs/cgroup/memory.events'),
          cpu: files.readText('/sys/fs/cgroup/cpu.max'),
          usage: /^usage_usec 30\d00\n/.test(files.readText('/sys/fs/cgroup/cpu.stat')),
          pids: files.readText('/sys/fs/cgroup/pids.current'),
          write: codeOf(() => files.write('/sys/fs/cgroup/memory.max', '1')),
          create: codeOf(() => files.write('/proc/foo', '1')),
          change: codeOf(() => files.write('/proc/uptime', '1')),
          missing: codeOf(() => files.read('/proc/77/stat')),
          odd: codeOf(() => files.read('/proc/constructor')),
        };
        return 0;
      },
      { env: { A: 'b' }, limits: { memory: 64 * 1024 * 1024, cpu: 250 } },
    );
    expect(seen).toEqual({
      names: ['1', '2'],
      self: '1',
      cmdline: 'child\0-x\0',
      comm: 'app\n',
      environ: true,
      status: true,
      parent: true,
      stat: ['1', '(app)', 'S', '0'],
      cgroup: '0::/\n',
      uptime: true,
      cpus: 2,
      total: true,
      memory: ['67108864\n', '2097152\n', '2097152\n'],
      events: 'low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\noom_group_kill 0\n',
      cpu: '25000 100000\n',
      usage: true,
      pids: '2\n',
      write: 'EROFS',
      create: 'ENOENT',
      change: 'EACCES',
      missing: 'ENOENT',
      odd: 'ENOENT',
    });
  });

  test('/proc/1/fd/1 writes to the log of the container', async () => {
    const lab = new Lab();
    const { container } = lab.start({
      image: imageOf({
        '/app': sleeper,
        '/bin/say': ({ files }) => {
          files.write('/proc/1/fd/1', 'from exec\n', { append: true });
          return Promise.resolve(0);
        },
      }),
    });
    expect((await lab.exec(container, ['say'])).stdout).toBe('');
    expect(lab.log).toBe('from exec\n');
  });
});
