import type { Applet, Command } from '../command.ts';
import { errorWords } from '../errors.ts';
import { decode, encode } from '../streams.ts';

interface Numbering {
  readonly mode: 'none' | 'all' | 'filled';
  line: number;
  isAtStart: boolean;
}

/** What it was at when it was told so; otherwise opening the file. */
const PROBLEMS: Readonly<Record<string, string>> = {
  'Is a directory': 'read error',
  'No space left on device': 'write error',
};

export const cat: Applet = async (command) => {
  const options = command.options('nbvteAEsu');
  const files = options.operands.length === 0 ? ['-'] : options.operands;
  const mode = options.has('b') ? 'filled' : options.has('n') ? 'all' : 'none';
  const shows = { ends: options.has('e') || options.has('A'), tabs: options.has('t') || options.has('A') };
  const visible = shows.ends || shows.tabs || options.has('v') ? shows : undefined;
  const numbering: Numbering = { mode, line: 0, isAtStart: true };
  let status = 0;
  for (const file of files) {
    try {
      await copy(command, file, numbering, visible);
    } catch (error) {
      status = 1;
      const words = errorWords(error);
      command.warn(`${PROBLEMS[words] ?? `can't open '${file}'`}: ${words}`);
    }
  }
  return status;
};

/** Which of the characters that `-v` leaves alone are shown as well. */
interface Shown {
  readonly ends: boolean;
  readonly tabs: boolean;
}

async function copy(
  command: Command,
  file: string,
  numbering: Numbering,
  visible: Shown | undefined,
): Promise<void> {
  const input = command.open(file);
  for (let chunk = await input.read(); chunk !== undefined; chunk = await input.read()) {
    const bytes = visible === undefined ? chunk : encode(madeVisible(chunk, visible));
    command.print(numbering.mode === 'none' ? bytes : numbered(decode(bytes), numbering));
    await command.work(chunk.length * 4);
  }
}

function numbered(text: string, numbering: Numbering): string {
  let result = '';
  for (const line of text.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
    if (numbering.isAtStart && (numbering.mode === 'all' || line !== '\n')) {
      result += `${String(++numbering.line).padStart(6)}\t`;
    }
    numbering.isAtStart = line.endsWith('\n');
    result += line;
  }
  return result;
}

/** `^X` for control characters, `M-x` for bytes beyond ASCII. */
function madeVisible(bytes: Uint8Array, { ends, tabs }: Shown): string {
  let text = '';
  for (const byte of bytes) {
    if (byte === 0x0a) text += ends ? '$\n' : '\n';
    else if (byte === 0x09 && !tabs) text += '\t';
    else {
      const low = byte & 0x7f;
      const isControl = low < 0x20 || low === 0x7f;
      text += `${byte > 0x7f ? 'M-' : ''}${isControl ? '^' : ''}${String.fromCharCode(isControl ? low ^ 0x40 : low)}`;
    }
  }
  return text;
}
