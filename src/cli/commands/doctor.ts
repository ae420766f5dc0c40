import { accessSync, constants, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { messageOf } from '../../core/errors.ts';
import { type CommandResult, tryRun } from '../../providers/kind/commands.ts';
import { nodeImage } from '../../providers/kind/ref.ts';
import type { CommandContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { type Output, wrap } from '../output.ts';

/** One thing that is needed for something. */
export interface Finding {
  readonly name: string;
  readonly for: string;
  readonly ok: boolean;
  readonly seen: string;
  /** What mends it; only where it is not ok. */
  readonly fix?: string;
  /** Whether the embedded provider does not work without it. */
  readonly needed: boolean;
}

/** What the doctor asks the machine with. */
export interface DoctorTools {
  readonly nodeVersion: string;
  readonly stateFolder: string;
  run(program: string, args: readonly string[]): Promise<CommandResult>;
  /** @throws where no port on loopback can be listened on */
  listen(): Promise<void>;
}

/** The Kubernetes minor of every provider; kubectl may be one older or newer. */
const KUBERNETES_MINOR = 36;
/** The first Node that can run breakfix: of `engines` in package.json. */
const OLDEST_NODE = [22, 19] as const;
/** Milliseconds that a program may take to say its version. */
const PATIENCE = 10_000;

const machine = (stateFolder: string): DoctorTools => ({
  nodeVersion: process.versions.node,
  stateFolder,
  run: (program, args) => tryRun(program, args, { timeout: PATIENCE }),
  listen: () =>
    new Promise((resolve, reject) => {
      const server = createServer();
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => server.close(() => resolve()));
    }),
});

/** `breakfix doctor`: what each provider needs, what is missing, and what mends it. @returns the exit code */
export async function doctor(context: CommandContext, tools?: DoctorTools): Promise<number> {
  const findings = await examine(tools ?? machine(context.store.root));
  const usable = findings.every(({ ok, needed }) => ok || !needed);
  const lines = findings.map((finding) => lineOf(finding, context.output));
  const end = usable
    ? 'provider embedded can be used'
    : 'provider embedded cannot be used until what is missing is there';
  context.output.result({ usable, findings }, [...lines, '', end].join('\n'));
  return usable ? exitCodes.ok : exitCodes.environment;
}

/** Columns of the mark and the name. */
const MARGIN = 'missing  state folder '.length;

function lineOf({ name, ok, seen, fix, for: purpose }: Finding, { colors, width }: Output): string {
  const mark = ok ? colors.green('ok     ') : colors.red('missing');
  const margin = ' '.repeat(MARGIN);
  const [first = '', ...rest] = [seen, `for ${purpose}`, ...(fix === undefined ? [] : [`fix: ${fix}`])].map(
    (text) => wrap(text, width, margin),
  );
  return [`${mark}  ${name.padEnd(MARGIN - 9)}${first.slice(MARGIN)}`, ...rest].join('\n');
}

export async function examine(tools: DoctorTools): Promise<Finding[]> {
  const image = nodeImage();
  const kind = 'provider kind';
  const docker = await program(tools, ['docker', 'info', '--format', '{{.ServerVersion}}'], {
    name: 'docker',
    for: kind,
    fix: 'install Docker and start it: https://docs.docker.com/engine/install/',
  });
  return [
    node(tools),
    stateFolder(tools),
    await ports(tools),
    await kubectl(tools),
    docker,
    await program(tools, ['kind', 'version'], {
      name: 'kind',
      for: kind,
      fix: 'install it: https://kind.sigs.k8s.io/docs/user/quick-start/#installation',
    }),
    await program(tools, ['docker', 'image', 'inspect', '--format', image, image], {
      name: 'node image',
      for: `${kind}; it is pulled at the first start otherwise`,
      fix: `docker pull ${image}`,
    }),
  ];
}

function node({ nodeVersion }: DoctorTools): Finding {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number);
  const [oldest, oldestMinor] = OLDEST_NODE;
  const ok = major > oldest || (major === oldest && minor >= oldestMinor);
  const fix = `install Node ${oldest}.${oldestMinor} or newer: https://nodejs.org/en/download`;
  return finding({ name: 'node', for: 'breakfix itself', ok, seen: nodeVersion, fix, needed: true });
}

function stateFolder({ stateFolder: path }: DoctorTools): Finding {
  const about = { name: 'state folder', for: 'the labs', needed: true };
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return finding({ ...about, ok: true, seen: path });
  } catch (error) {
    const fix = `mend the permissions of ${path}, or set XDG_STATE_HOME to a folder that can be written`;
    return finding({ ...about, ok: false, seen: messageOf(error), fix });
  }
}

async function ports(tools: DoctorTools): Promise<Finding> {
  const about = { name: 'ports', for: "a lab's API server on 127.0.0.1", needed: true };
  try {
    await tools.listen();
    return finding({ ...about, ok: true, seen: 'loopback can be listened on' });
  } catch (error) {
    const fix = 'allow this user to listen on 127.0.0.1 (sandbox, firewall), or free some ports';
    return finding({ ...about, ok: false, seen: messageOf(error), fix });
  }
}

async function kubectl(tools: DoctorTools): Promise<Finding> {
  const about = { name: 'kubectl', for: 'repairing; any other client does as well', needed: false };
  const install = `install kubectl 1.${KUBERNETES_MINOR}: https://kubernetes.io/docs/tasks/tools/`;
  const { code, stdout } = await tools.run('kubectl', ['version', '--client', '--output=json']);
  if (code !== 0) return finding({ ...about, ok: false, seen: 'not on the PATH', fix: install });
  const version = clientVersion(stdout);
  const minor = Number(/^v1\.(\d+)/.exec(version)?.[1]);
  if (Math.abs(minor - KUBERNETES_MINOR) <= 1) return finding({ ...about, ok: true, seen: version });
  const seen = `${version}, more than one minor version away from the labs' 1.${KUBERNETES_MINOR}`;
  return finding({ ...about, ok: false, seen, fix: install });
}

function clientVersion(text: string): string {
  try {
    const { clientVersion: client } = JSON.parse(text) as { clientVersion?: { gitVersion?: string } };
    return client?.gitVersion ?? 'of no known version';
  } catch {
    return 'of no known version';
  }
}

async function program(
  tools: DoctorTools,
  [name = '', ...args]: readonly string[],
  about: { readonly name: string; readonly for: string; readonly fix: string },
): Promise<Finding> {
  const { code, stdout, stderr } = await tools.run(name, args);
  const last = stderr.trim().split('\n').at(-1) ?? '';
  const seen = code === 0 ? stdout.trim() : code === 127 ? 'not on the PATH' : last;
  return finding({ ...about, ok: code === 0, seen, needed: false });
}

/** A fix is for what is missing. */
function finding({ fix, ...about }: Finding): Finding {
  return about.ok || fix === undefined ? about : { ...about, fix };
}
