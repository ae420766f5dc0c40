import type { FileTree } from '../../runtime/container-types.ts';

/** Makes what `DirectoryOrCreate` and `FileOrCreate` promise; the empty type makes a directory as containerd does. */
export function prepareHostPath(node: FileTree, path: string, type: string): void {
  if (path === '/' || node.exists(path)) return;
  if (type === 'FileOrCreate') {
    node.write(path, '', { mode: 0o644 });
  } else if (type === 'DirectoryOrCreate' || type === '') {
    node.mkdir(path, { parents: true });
    // What the local-path provisioner gives its folders.
    node.chmod(path, type === '' ? 0o755 : 0o777);
  }
}

/** https://kubernetes.io/docs/concepts/storage/volumes/#hostpath-volume-types */
export function hostPathError(node: FileTree, path: string, type: string): string | undefined {
  const found = node.exists(path) ? node.stat(path).type : undefined;
  const wanted = WANTED[type];
  if (wanted === undefined || found === wanted.type) return undefined;
  return `hostPath type check failed: ${path} is not ${wanted.text}`;
}

const WANTED: Readonly<Record<string, { type: string; text: string }>> = {
  Directory: { type: 'directory', text: 'a directory' },
  DirectoryOrCreate: { type: 'directory', text: 'a directory' },
  File: { type: 'file', text: 'a file' },
  FileOrCreate: { type: 'file', text: 'a file' },
  Socket: { type: 'socket', text: 'a socket file' },
  CharDevice: { type: 'device', text: 'a character device' },
  BlockDevice: { type: 'block', text: 'a block device' },
};
