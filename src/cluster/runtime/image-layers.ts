import type { Attributes, DirectoryNode, Node } from './nodes.ts';
import { directoryNode, fileNode, linkNode, ROOT_OWNED } from './nodes.ts';
import type { Image, ImageFile, Program } from './types.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const ELF = '\u007fELF';

/** What containerd and runc put into every container, whatever the image has. */
const DIRECTORIES: readonly (readonly [path: string, mode: number])[] = [
  ['/bin', 0o755],
  ['/dev', 0o755],
  ['/etc', 0o755],
  ['/home', 0o755],
  ['/proc', 0o555],
  ['/root', 0o700],
  ['/run', 0o755],
  ['/sys', 0o555],
  ['/tmp', 0o1777],
  ['/usr', 0o755],
  ['/var', 0o755],
];

const PASSWD =
  'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\nnode:x:1000:1000::/home/node:/bin/sh\n';
const GROUP = 'root:x:0:\nnogroup:x:65534:\nnode:x:1000:\n';

/**
 * The unpacked images of a node. An image is unpacked once; containers share its nodes and copy what they change.
 * The content of an executable file names its program, so that a copy of the file (`cp /bin/busybox /shared/`) runs.
 */
export class ImageLayers {
  readonly #roots = new Map<Image, DirectoryNode>();
  readonly #contents = new Map<Program, Uint8Array>();
  readonly #programs = new Map<string, Program>();

  /** @param modified time stamp of files, milliseconds since 1970 */
  rootOf(image: Image, modified: number): DirectoryNode {
    let root = this.#roots.get(image);
    if (root === undefined) {
      root = this.#unpack(image, modified);
      this.#roots.set(image, root);
    }
    return root;
  }

  /** The program that a file's content stands for. */
  programIn(content: Uint8Array): Program | undefined {
    if (content[0] !== ELF.charCodeAt(0)) return undefined;
    return this.#programs.get(decoder.decode(content));
  }

  #unpack(image: Image, modified: number): DirectoryNode {
    const root = directoryNode(undefined, { mode: 0o755, ...ROOT_OWNED, modified });
    for (const [path, mode] of DIRECTORIES) put(root, path, { mode, ...ROOT_OWNED, modified });
    const etc = (path: string, content: string): void => {
      const attributes = { mode: 0o644, ...ROOT_OWNED, modified };
      put(root, path, attributes, fileNode(undefined, attributes, encoder.encode(content)));
    };
    etc('/etc/passwd', PASSWD);
    etc('/etc/group', GROUP);
    for (const file of image.files) {
      const uid = file.uid ?? 0;
      const attributes = { mode: file.mode ?? defaultMode(file), uid, gid: uid, modified };
      put(root, file.path, attributes, this.#nodeOf(file, attributes));
    }
    return root;
  }

  #nodeOf(file: ImageFile, attributes: Attributes): Node | undefined {
    if (file.directory === true) return undefined;
    if (file.link !== undefined) return linkNode(undefined, attributes, file.link);
    if (file.program !== undefined) return fileNode(undefined, attributes, this.#contentOf(file.program));
    return fileNode(undefined, attributes, encoder.encode(file.content ?? ''));
  }

  #contentOf(program: Program): Uint8Array {
    let content = this.#contents.get(program);
    if (content === undefined) {
      const text = `${ELF}\u0002\u0001\u0001\u0000program ${this.#contents.size}`;
      content = encoder.encode(text);
      this.#contents.set(program, content);
      this.#programs.set(text, program);
    }
    return content;
  }
}

function defaultMode(file: ImageFile): number {
  return file.program !== undefined || file.directory === true ? 0o755 : 0o644;
}

/** Puts a node (or a directory, without one) at a path, and the directories above it. */
function put(root: DirectoryNode, path: string, attributes: Attributes, node?: Node): void {
  const names = path.split('/').filter((name) => name !== '');
  const last = names.pop();
  let directory = root;
  for (const name of names) {
    let next = directory.entries.get(name);
    for (let links = 0; next?.type === 'symlink' && links < 8; links++) next = follow(root, next.target);
    if (next?.type !== 'directory') {
      next = directoryNode(undefined, { mode: 0o755, ...ROOT_OWNED, modified: attributes.modified });
      directory.entries.set(name, next);
    }
    directory = next;
  }
  if (last === undefined) return;
  const existing = directory.entries.get(last);
  if (node !== undefined) directory.entries.set(last, node);
  else if (existing?.type === 'directory') Object.assign(existing, attributes);
  else directory.entries.set(last, directoryNode(undefined, attributes));
}

/** An absolute link between directories of the image, like /lib → /usr/lib. */
function follow(root: DirectoryNode, target: string): Node | undefined {
  let node: Node | undefined = root;
  for (const name of target.split('/').filter((each) => each !== '')) {
    node = node?.type === 'directory' ? node.entries.get(name) : undefined;
  }
  return node;
}

/** A line of /etc/passwd. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/** Reads the text of an /etc/passwd. */
export function parseAccounts(passwd: string): readonly Account[] {
  return passwd
    .split('\n')
    .map((line) => line.split(':'))
    .filter((fields) => fields.length >= 6)
    .map(([name = '', , uid, gid, , home = '/']) => ({ name, uid: Number(uid), gid: Number(gid), home }));
}
