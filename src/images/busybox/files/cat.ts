import type { Applet, Command } from '../command.ts';
import { errorWords } from '../errors.ts';
import { decode } from '../streams.ts';

interface Numbering {
  readonly mode: 'none' | 'all' | 'filled';
  line: number;
  isAtStart: boolean;
}

export const cat: Applet = async (command) => {
  const options = command.options('nbvteAEsu');
  const files = options.operands.length === 0 ? ['-'] : options.operands;
  const mode = options.has('b') ? 'filled' : options.has('n') ? 'all' : 'none';
  const numbering: Numbering = { mode, line: 0, isAtStart: true };
  let status = 0;
  for (const file of files) {
    try {
      await copy(command, file, numbering);
    } catch (error) {
      status = 1;
      const words = errorWords(error);
      command.warn(words === 'Is a directory' ? `read error: ${words}` : `can't open '${file}': ${words}`);
    }
  }
  return status;
};

async function copy(command: Command, file: string, numbering: Numbering): Promise<void> {
  const input = command.open(file);
  for (let chunk = await input.read(); chunk !== undefined; chunk = await input.read()) {
    command.print(numbering.mode === 'none' ? chunk : numbered(decode(chunk), numbering));
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
