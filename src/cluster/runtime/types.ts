import { ExpectedError } from '../../core/errors.ts';
import type { Random } from '../../core/random.ts';
import type { DnsMessage, DnsType } from '../network/dns-message.ts';
import type {
  Address,
  Connection,
  ConnectionHandler,
  HttpRequest,
  HttpResponse,
  Listening,
  Peer,
} from '../network/types.ts';

/**
 * What runs in containers. A program is an async function that knows nothing of the host: time, network, files,
 * memory and CPU come through its context, and every promise that it waits on is settled by the simulation.
 * @returns the exit code
 */
export type Program = (context: ProgramContext) => Promise<number>;

export type Signal =
  | 'SIGTERM'
  | 'SIGKILL'
  | 'SIGINT'
  | 'SIGHUP'
  | 'SIGQUIT'
  | 'SIGUSR1'
  | 'SIGUSR2'
  | 'SIGPIPE'
  | 'SIGCONT'
  | 'SIGSTOP'
  | 'SIGTSTP'
  | 'SIGWINCH';

export interface InputStream {
  /** The next bytes, or undefined at the end. */
  read(): Promise<Uint8Array | undefined>;
}

export interface OutputStream {
  write(data: string | Uint8Array): void;
  /** Closes it: a reader at the other end of a pipe sees the end. */
  end(): void;
}

export interface ProgramContext {
  /** The whole argument vector; `args[0]` is the name the program was called by. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly pid: number;
  readonly user: { readonly uid: number; readonly gid: number };
  readonly hostname: string;
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Size of the terminal, where there is one (`-t`). */
  readonly tty: { readonly columns: number; readonly rows: number } | undefined;
  readonly files: FileSystem;
  /** Virtual time in milliseconds since 1970. */
  readonly clock: { now(): number; sleep(ms: number): Promise<void> };
  /** The random stream of the pod. */
  readonly random: Random;
  readonly net: ProgramNetwork;
  readonly memory: ProgramMemory;
  /** Charges CPU time against the container's quota; resolves when that much has been had. */
  readonly cpu: { spend(micros: number): Promise<void> };
  readonly processes: Processes;
  /** Without a handler SIGTERM and the like end a process (but not pid 1, as in Linux); SIGKILL always does. */
  onSignal(signal: Signal, handler: () => void): void;
  /** A sub-context's promise of the simulation, for programs that hand work to each other (pipes). */
  deferred<T>(): { readonly promise: Promise<T>; resolve(value: T): void; reject(error: unknown): void };
}

export interface ProgramMemory {
  /**
   * Adds to the resident memory of the process. Where the container's limit is passed, the kernel kills the
   * process with the most memory in it: then this call may never return.
   */
  allocate(bytes: number): void;
  /**
   * For a program that would take more than the host can hold: it takes what is left of the container's limit, and is
   * killed for it. Returns where there is no limit.
   */
  exhaust(): void;
  free(bytes: number): void;
  /** Bytes of this process now. */
  readonly used: number;
}

export interface ProgramNetwork {
  readonly ip: string;
  /** @throws NetError EADDRINUSE */
  listenHttp(
    port: number,
    handler: (request: HttpRequest, from: Peer) => HttpResponse | Promise<HttpResponse>,
    options?: {
      ip?: string;
      /** PEM of the chain that it shows: makes it a server over TLS. */
      certificate?: string;
    },
  ): Listening;
  listenTcp(port: number, handler: (connection: Connection, from: Peer) => ConnectionHandler): Listening;
  /** Both UDP and TCP. */
  listenDns(
    port: number,
    handler: (
      query: DnsMessage,
      from: Peer & { readonly protocol: 'UDP' | 'TCP' },
      respond: (answer: DnsMessage) => void,
    ) => void,
    options?: { ip?: string },
  ): Listening;
  listenUdp(
    port: number,
    handler: (bytes: Uint8Array, from: Peer, respond: (answer: Uint8Array) => void) => void,
    options?: { ip?: string },
  ): Listening;
  /** What listens in this pod, for `netstat`. */
  listening(): readonly { protocol: 'tcp' | 'udp'; ip: string; port: number; pid: number }[];
  /** One exchange with an address. @throws NetError, also ETIMEDOUT after `timeoutMs` */
  http(to: Address, request: HttpRequest, options?: { timeoutMs?: number }): Promise<HttpResponse>;
  connect(to: Address, handler: ConnectionHandler, options?: { timeoutMs?: number }): Connection;
  query(
    to: Address,
    protocol: 'UDP' | 'TCP',
    query: DnsMessage,
    options?: { timeoutMs?: number },
  ): Promise<DnsMessage>;
  /** One UDP datagram and the first that comes back. @throws NetError, also ETIMEDOUT after `timeoutMs` */
  datagram(to: Address, bytes: Uint8Array, options?: { timeoutMs?: number }): Promise<Uint8Array>;
  ping(ip: string): Promise<number | undefined>;
  /**
   * Looks a name up as the C library of the image does: /etc/hosts, then /etc/resolv.conf with its nameservers,
   * search list, ndots, attempts and timeout. @throws LookupError, NetError ETIMEDOUT after `timeoutMs`
   */
  lookup(name: string, options?: { type?: DnsType; timeoutMs?: number }): Promise<readonly string[]>;
}

export type LookupErrorCode = 'ENOTFOUND' | 'EAI_AGAIN';

/** `ENOTFOUND`: the name does not exist; `EAI_AGAIN`: no server gave an answer (time-out, refused, SERVFAIL). */
export class LookupError extends ExpectedError {
  readonly code: LookupErrorCode;
  readonly hostname: string;

  constructor(code: LookupErrorCode, hostname: string) {
    super(`getaddrinfo ${code} ${hostname}`);
    this.name = 'LookupError';
    this.code = code;
    this.hostname = hostname;
  }
}

export interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  readonly user: string;
  readonly command: readonly string[];
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Microseconds of CPU so far. */
  readonly cpu: number;
  /** Bytes resident. */
  readonly memory: number;
  readonly state: 'R' | 'S' | 'T' | 'Z';
}

/** The processes of the container (or of the pod, with a shared process namespace). */
export interface Processes {
  list(): readonly ProcessInfo[];
  /**
   * Starts an executable file of the container; undefined where there is none of that name (exit 127).
   * @throws FileError EACCES where it may not be executed, ENOEXEC where it is neither a program nor a script, E2BIG
   *   where arguments and environment are too long
   * @throws an Error with code `EAGAIN` where the container has as many processes as it may have
   */
  spawn(args: readonly string[], options: SpawnOptions): SpawnedProcess | undefined;
  /**
   * Starts a program of the caller's own as a child process (a subshell, a background job).
   */
  fork(program: Program, args: readonly string[], options: SpawnOptions): SpawnedProcess;
  /**
   * A pipe between child processes (or a child and the caller). As in Unix, an end closes when every process that
   * holds it has ended or closed it: the caller calls `output.end()` once its children have it. A process that
   * writes where every reader has gone gets SIGPIPE.
   */
  pipe(): { readonly input: InputStream; readonly output: OutputStream };
  /**
   * The caller runs another program from now on, in the same process: what others see of it after exec(2).
   * @throws FileError E2BIG
   */
  become(args: readonly string[], env: Readonly<Record<string, string>>): void;
  /** @returns false where there is no such process */
  kill(pid: number, signal: Signal): boolean;
}

export interface SpawnOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly stdin?: InputStream;
  readonly stdout?: OutputStream;
  readonly stderr?: OutputStream;
}

export interface SpawnedProcess {
  readonly pid: number;
  /** The exit code, 128 + n when signal n ended it. */
  readonly exited: Promise<number>;
  /** Is there when the process is stopped (Ctrl-Z, `kill -STOP`), at once where it is. */
  stopped(): Promise<void>;
}

// ---- files ------------------------------------------------------------------------------------------------

export type FileErrorCode =
  | 'ENOENT'
  | 'EEXIST'
  | 'EACCES'
  | 'EPERM'
  | 'EROFS'
  | 'ENOTDIR'
  | 'EISDIR'
  | 'ENOTEMPTY'
  | 'ENOSPC'
  | 'EXDEV'
  | 'EINVAL'
  | 'EBUSY'
  | 'ELOOP'
  | 'ENOEXEC'
  | 'ENAMETOOLONG'
  | 'E2BIG';

export class FileError extends ExpectedError {
  readonly code: FileErrorCode;

  constructor(code: FileErrorCode, path: string) {
    super(`${code}: ${path}`);
    this.name = 'FileError';
    this.code = code;
  }
}

export interface FileStat {
  readonly type: 'file' | 'directory' | 'symlink' | 'device';
  /** Permission bits, e.g. 0o644. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
  /** Target of a symbolic link. */
  readonly target?: string;
  /** Of a device: by which driver the kernel knows it, and which of its devices it is. */
  readonly device?: readonly [major: number, minor: number];
}

/**
 * The files of a container as one tree: image layers, mounts, /proc and /sys. Synchronous; paths are absolute;
 * every method throws {@link FileError}.
 */
export interface FileSystem {
  /** Permissions that new files and folders do not get. A process hands its own on to those that it starts. */
  umask: number;
  read(path: string): Uint8Array;
  readText(path: string): string;
  write(path: string, data: string | Uint8Array, options?: { append?: boolean; mode?: number }): void;
  list(path: string): readonly string[];
  /** Follows links. */
  stat(path: string): FileStat;
  lstat(path: string): FileStat;
  exists(path: string): boolean;
  mkdir(path: string, options?: { parents?: boolean; mode?: number }): void;
  remove(path: string, options?: { recursive?: boolean }): void;
  rename(from: string, to: string): void;
  symlink(target: string, path: string): void;
  chmod(path: string, mode: number): void;
  chown(path: string, uid: number, gid: number): void;
  touch(path: string, modified?: number): void;
  mounts(): readonly {
    readonly source: string;
    readonly path: string;
    readonly type: string;
    readonly readOnly: boolean;
    /** Bytes that it may hold; absent where nothing but the disk ends it. */
    readonly size?: number | undefined;
  }[];
}

// ---- images -----------------------------------------------------------------------------------------------

export interface ImageFile {
  readonly path: string;
  readonly mode?: number;
  readonly uid?: number;
  /** Content of a plain file. */
  readonly content?: string;
  /** What runs when the file is executed. */
  readonly program?: Program;
  /** Makes it a symbolic link. */
  readonly link?: string;
  /** Makes it a directory. */
  readonly directory?: true;
}

/** An image as the runtime knows it: configuration, files, and programs in place of machine code. */
export interface Image {
  /** `sha256:…` of its manifest; what `imageID` shows. */
  readonly digest: string;
  readonly sizeBytes: number;
  readonly config: {
    readonly entrypoint?: readonly string[];
    readonly cmd?: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
    /** Name or number, as in a Dockerfile's USER. */
    readonly user?: string;
    readonly workingDir?: string;
  };
  readonly files: readonly ImageFile[];
}
