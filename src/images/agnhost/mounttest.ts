import type { ProgramContext } from '../../cluster/runtime/types.ts';
import type { Subcommand } from './agnhost.ts';
import { type Flags, readFlags } from './flags.ts';
import { fileWords, modeText } from './go.ts';

const CONTENT = 'mount-tester new file\n';
const TMPFS = 'tmpfs';
/** What statfs(2) calls the file systems of a node's disk. */
const EXT4 = '61267';
const OVERLAY = '2035054128';
const NEW_FILES = { new_file_0644: 0o644, new_file_0666: 0o666, new_file_0660: 0o660, new_file_0777: 0o777 };
const LOOP_EVERY_MS = 2000;

const NAMES: Readonly<Record<string, undefined>> = Object.fromEntries(
  [
    'fs_type',
    'file_mode',
    'file_perm',
    'file_owner',
    ...Object.keys(NEW_FILES),
    'file_content',
    'file_content_in_loop',
    'retry_time',
  ].map((name) => [name, undefined]),
);

/** Makes files and tells of others, in a fixed order, so that one call can do both with the same file. */
export const mounttest: Subcommand = async (context, args) => {
  const flags = readFlags(args, NAMES, ['break_on_expected_content']);
  let failed = false;
  const step = (name: string, call: (path: string) => string, run: (path: string) => void): void => {
    const path = flags.text(name, '');
    if (path === '') return;
    try {
      run(path);
    } catch (error) {
      failed = true;
      context.stdout.write(`${call(path)}: ${fileWords(error, systemCall(name), path)}\n`);
    }
  };
  const say = (text: string): void => context.stdout.write(`${text}\n`);
  const show = (path: string): void => say(`content of file "${path}": ${context.files.readText(path)}`);
  const { files } = context;

  step(
    'fs_type',
    (path) => `error from statfs("${path}")`,
    (path) => {
      files.stat(path);
      say(`mount type of "${path}": ${fileSystemOf(context, path)}`);
    },
  );
  for (const [name, mode] of Object.entries(NEW_FILES)) {
    step(
      name,
      (path) => `error writing new file "${path}"`,
      (path) => {
        files.write(path, CONTENT, { mode });
        show(path);
      },
    );
  }
  step(
    'file_mode',
    (path) => `error from Stat("${path}")`,
    (path) => {
      const { mode, type } = files.stat(path);
      say(`mode of file "${path}": ${modeText(mode, type)}`);
    },
  );
  step(
    'file_perm',
    (path) => `error from Stat("${path}")`,
    (path) => {
      say(`perms of file "${path}": ${modeText(files.stat(path).mode & 0o777)}`);
    },
  );
  step(
    'file_owner',
    (path) => `error from stat("${path}")`,
    (path) => {
      const { uid, gid } = files.stat(path);
      say(`owner UID of "${path}": ${uid}`);
      say(`owner GID of "${path}": ${gid}`);
    },
  );
  step('file_content', (path) => `error reading file content for "${path}"`, show);
  if (!(await readInLoop(context, flags))) failed = true;
  return failed ? 1 : 0;
};

function systemCall(name: string): string {
  if (name === 'fs_type') return 'statfs';
  return name.startsWith('file_content') || name.startsWith('new_file') ? 'open' : 'stat';
}

/** @returns whether the last look found the file */
async function readInLoop(context: ProgramContext, flags: Flags): Promise<boolean> {
  const path = flags.text('file_content_in_loop', '');
  if (path === '') return true;
  const end = context.clock.now() + flags.number('retry_time', 180) * 1000;
  const stopsAtContent = flags.text('break_on_expected_content', 'true') !== 'false';
  let found = true;
  while (context.clock.now() < end) {
    try {
      const content = context.files.readText(path);
      found = true;
      context.stdout.write(`content of file "${path}": ${content}\n`);
      if (stopsAtContent && content === CONTENT) break;
      if (stopsAtContent) context.stdout.write(`Unexpected content. Expected: ${CONTENT}. Retrying\n`);
    } catch (error) {
      found = false;
      context.stdout.write(`Error reading file ${path}: ${fileWords(error, 'open', path)}, retrying\n`);
    }
    await context.clock.sleep(LOOP_EVERY_MS);
  }
  return found;
}

function fileSystemOf({ files }: ProgramContext, path: string): string {
  const isIn = (mount: string): boolean => mount === '/' || path === mount || path.startsWith(`${mount}/`);
  const [mount] = files
    .mounts()
    .filter((each) => isIn(each.path))
    .sort((a, b) => b.path.length - a.path.length);
  if (mount?.type === TMPFS) return TMPFS;
  return mount?.type === 'overlay' ? OVERLAY : EXT4;
}
