import type { Applet, Command } from '../command.ts';
import { fromText, toBytes } from '../terminal/bytes.ts';
import { Interrupted, type Key, Keys } from '../terminal/keys.ts';
import { terminalOf, type Terminal } from '../terminal/terminal.ts';
import { obey } from './commands.ts';
import { Editor } from './editor.ts';
import { execute } from './ex.ts';
import { loadFile } from './files.ts';
import { typeKey } from './insert.ts';
import { hitReturn } from './prompt.ts';
import { Screen } from './screen.ts';

const OTHER_SCREEN = '\x1b[?1049h';
const OWN_SCREEN = '\x1b[?1049l';
/** Asks a terminal for its size where nobody knows it. */
const ASK_SIZE = '\x1b[999;999H\x1b[6n';
const STOP: Key = '\x1a';
const FEATURES = `What this editor knows:
\tSearches for patterns with / and ?
\tThe last change again with .
\tMarks with m and '
\tNamed buffers with "
\tCommands behind :
\tSettings with :set
\tCtrl-C and Ctrl-Z
\tTerminals that change their size
`;

/** The editor of terminals. */
export const vi: Applet = async (command) => {
  const options = command.options('c:RH');
  if (options.has('H')) {
    command.print(FEATURES);
    return 0;
  }
  const terminal = terminalOf(command.context.stdin);
  const read = (): Promise<Uint8Array | undefined> =>
    terminal === undefined ? command.stdin.read() : terminal.read(command.context);
  const keys = new Keys(read);
  const screen = new Screen((text) => {
    command.print(toBytes(text));
  });
  const editor = new Editor(command, keys, screen);
  editor.isReadOnly = options.has('R');
  const session = new Session(editor, terminal, options.operands);
  const work = (): Promise<number> => session.run(options.values('c'));
  return terminal === undefined ? work() : terminal.raw(work);
};

/** One call of the editor, which may be of several files. */
class Session {
  readonly #editor: Editor;
  readonly #terminal: Terminal | undefined;
  readonly #files: readonly (string | undefined)[];
  #index = 0;

  constructor(editor: Editor, terminal: Terminal | undefined, files: readonly string[]) {
    this.#editor = editor;
    this.#terminal = terminal;
    this.#files = files.length === 0 ? [undefined] : files;
  }

  /** @param first commands for the first file. @returns the exit code */
  async run(first: readonly string[]): Promise<number> {
    const { command, screen, keys } = this.#editor;
    command.print(OTHER_SCREEN);
    if (this.#terminal === undefined) command.print(ASK_SIZE);
    else this.#watchSize(this.#terminal);
    let isReading = await this.#edit(this.#files[0], initialCommands(command, first));
    while (isReading && this.#goOn()) isReading = await this.#edit(this.#files[this.#index], []);
    screen.bottomLine('');
    if (!isReading) {
      command.warn("can't read user input");
      return 1;
    }
    command.print(OWN_SCREEN);
    if (this.#terminal !== undefined && keys.rest !== '') this.#terminal.unread(toBytes(keys.rest));
    return 0;
  }

  #watchSize(terminal: Terminal): void {
    const { screen, command } = this.#editor;
    screen.resize(terminal.size);
    command.context.onSignal('SIGWINCH', () => {
      if (screen.resize(terminal.size)) this.#editor.redraw(true);
    });
  }

  /** Whether another file is there to be edited. */
  #goOn(): boolean {
    const { left } = this.#editor;
    if (left === 'quit') return false;
    if (left === 'rewind') this.#index = 0;
    else this.#index += left === 'previous' ? -1 : 1;
    this.#editor.screen.bottomLine('');
    return this.#index >= 0 && this.#index < this.#files.length;
  }

  /** @returns whether it was left; otherwise no more keys came */
  async #edit(file: string | undefined, commands: readonly string[]): Promise<boolean> {
    const editor = this.#editor;
    editor.left = undefined;
    editor.files = { hasNext: this.#index + 1 < this.#files.length, hasPrevious: this.#index > 0 };
    loadFile(editor, file);
    for (const each of commands) await execute(editor, fromText(each));
    editor.clampDot();
    editor.redraw(false);
    while (!this.#isLeft) {
      try {
        if (!(await this.#step())) return false;
      } catch (error) {
        if (!(error instanceof Interrupted)) throw error;
        this.#interrupt();
      }
    }
    return true;
  }

  get #isLeft(): boolean {
    return this.#editor.left !== undefined;
  }

  /** One key and what it does. */
  async #step(): Promise<boolean> {
    const editor = this.#editor;
    const key = await editor.keys.next();
    if (key === undefined) return false;
    if (editor.showStatus()) await hitReturn(editor);
    if (key === STOP) await this.#stop();
    else if (editor.mode === '-') await obey(editor, key);
    else await typeKey(editor, key);
    editor.clampDot();
    editor.account();
    await editor.command.breathe();
    if (editor.keys.hasMore) return true;
    editor.refresh();
    if (editor.showStatus()) await hitReturn(editor);
    return true;
  }

  /** Ctrl-C ends whatever was begun, and goes back to the beginning. */
  #interrupt(): void {
    const editor = this.#editor;
    editor.keys.drop();
    editor.buffer.endTyping();
    editor.mode = '-';
    editor.dot = 0;
    editor.screen.top = 0;
    editor.redraw(false);
  }

  /** Ctrl-Z: the shell has the terminal until it continues this. */
  async #stop(): Promise<void> {
    const editor = this.#editor;
    const { context } = editor.command;
    if (this.#terminal?.mayStop !== true) return;
    editor.screen.bottomLine('');
    await editor.cooked(async () => {
      context.processes.kill(context.pid, 'SIGSTOP');
      await context.clock.sleep(0);
    });
    editor.redraw(true);
  }
}

/** Those of the environment, of the user's own file and of the command line. */
function initialCommands(command: Command, given: readonly string[]): readonly string[] {
  const { env, files } = command.context;
  if (env['EXINIT'] !== undefined) return [env['EXINIT'], ...given];
  const path = `${env['HOME'] ?? ''}/.exrc`;
  const isThere = files.exists(path) && files.stat(path).type === 'file';
  const lines = isThere ? files.readText(path).split('\n') : [];
  return [...lines, ...given];
}
