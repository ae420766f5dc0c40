import { fromText } from '../terminal/bytes.ts';
import type { Editor } from './editor.ts';
import { readRange, type Range } from './ex-address.ts';
import { loadFile, readFile, tellSize, writeFile } from './files.ts';
import { countLines, firstNonBlank, lineEnd, lineNumber, lineNumbered } from './lines.ts';
import { lineSpan, type Span } from './operators.ts';
import { asText, ask, hitReturn } from './prompt.ts';
import { visible } from './screen.ts';
import { set } from './settings.ts';
import { substitute } from './substitute.ts';

/** A command behind `:`, taken apart. */
interface Order {
  readonly name: string;
  readonly isForced: boolean;
  readonly args: string;
  readonly range: Range;
  /** The lines it is about: the cursor's where none are named. */
  readonly span: Span;
}

type Handler = (editor: Editor, order: Order) => void | Promise<void>;

const VERSION = '1.37.0';

/** Asks for a command, and does it. */
export async function runEx(editor: Editor): Promise<void> {
  const line = await ask(editor, ':');
  if (line !== undefined) await execute(editor, line);
}

/** Does a command as it would be typed behind `:`. */
export async function execute(editor: Editor, line: string): Promise<void> {
  const text = line.replace(/^[:\s]+/, '');
  if (text === '' || text.startsWith('"')) return;
  const order = readOrder(editor, text);
  if (order === undefined) return;
  if (order.name === '') {
    editor.dot = firstNonBlank(editor.text, order.span.isLines ? order.span.to - 1 : editor.dot);
    return;
  }
  const handler = order.name === '!' || order.name === '=' ? HANDLERS[order.name] : handlerOf(order.name);
  if (handler === undefined) editor.notImplemented(order.name);
  else await handler(editor, order);
}

function readOrder(editor: Editor, line: string): Order | undefined {
  const range = readRange(editor, line);
  if (range === undefined) return undefined;
  const { text, dot } = editor;
  const { first, last, rest } = range;
  if (isWrong(text, range)) {
    editor.complain('Invalid range');
    return undefined;
  }
  const from = first === undefined ? dot : (lineNumbered(text, Math.max(1, first)) ?? dot);
  const to = last === undefined ? from : (lineNumbered(text, Math.max(1, last)) ?? dot);
  const span = lineSpan(text, from, to);
  const isSubstitution = /^s(?:ubstitute)?[^\w\s]/.test(rest) || /^s\/|^s\w$/.test(rest);
  if (isSubstitution && !rest.startsWith('se')) {
    return { name: 'substitute', isForced: false, args: rest.replace(/^s(?:ubstitute)?/, ''), range, span };
  }
  const [, name = '', bang = '', args = ''] = /^(!|=|[^\s!]*)(!?)\s*([^]*)$/.exec(rest) ?? [];
  return { name, isForced: bang === '!', args: args.trimEnd(), range, span };
}

/** Whether there are no such lines, or they are the wrong way round. */
function isWrong(text: string, { first = 0, last = first }: Range): boolean {
  return last > countLines(text) || last < 0 || first > last;
}

function handlerOf(name: string): Handler | undefined {
  const [found] = Object.keys(HANDLERS).filter((each) => each.startsWith(name));
  return found === undefined ? undefined : HANDLERS[found];
}

const quit: Handler = (editor, { isForced }) => {
  if (editor.buffer.isModified && !isForced) editor.complain('No write since last change (:q! overrides)');
  else editor.left = 'quit';
};

const goTo =
  (where: 'next' | 'previous' | 'rewind', isThere: (editor: Editor) => boolean, words: string): Handler =>
  (editor, { name, isForced }) => {
    if (editor.buffer.isModified && !isForced) {
      editor.complain(`No write since last change (:${name} overrides)`.replace(' overrides', '! overrides'));
    } else if (isThere(editor)) editor.left = where;
    else if (where === 'next' && isForced) editor.left = 'quit';
    else editor.complain(words);
  };

const write: Handler = (editor, { name, isForced, args, range, span }) => {
  if (name === 'x' && !editor.buffer.isModified && args === '') {
    if (editor.file !== undefined) editor.say(`'${fromText(editor.file)}' 1L, 0C`);
    editor.left = 'quit';
    return;
  }
  const isWritten = writeFile(editor, {
    path: args === '' ? undefined : asText(args),
    text: range.last === undefined ? undefined : editor.text.slice(span.from, span.to),
    isForced,
  });
  if (!isWritten) return;
  if (name === 'wq' || name === 'x') editor.left = 'quit';
  if (name === 'wn') editor.left = 'next';
};

const edit: Handler = (editor, { isForced, args }) => {
  if (editor.buffer.isModified && !isForced) {
    editor.complain('No write since last change (:e! overrides)');
    return;
  }
  const path = args === '' ? editor.file : asText(args);
  if (path === undefined) {
    editor.complain('No current filename');
    return;
  }
  loadFile(editor, path);
  const { files } = editor.command.context;
  tellSize(editor, path, editor.text, !files.exists(editor.command.path(path)));
};

const read: Handler = (editor, { args, range, span }) => {
  const path = args === '' ? editor.file : asText(args);
  if (path === undefined) editor.complain('No current filename');
  else readFile(editor, path, range.last === 0 ? 0 : span.to);
};

const remove: Handler = (editor, { span }) => {
  const { registers, text, buffer } = editor;
  registers.put({ text: text.slice(span.from, span.to), isLines: true }, 'Delete');
  buffer.remove(span.from, span.to);
  editor.dot = firstNonBlank(editor.text, Math.min(span.from, editor.text.length - 1));
};

const yank: Handler = (editor, { span, args }) => {
  const { registers, text } = editor;
  if (/^[a-z]$/i.test(args)) registers.selected = args.toLowerCase();
  editor.say(registers.put({ text: text.slice(span.from, span.to), isLines: true }, 'Yank', 'into'));
};

const list: Handler = async (editor, { span }) => {
  editor.screen.bottomLine('\n');
  const lines = editor.text.slice(span.from, span.to - 1).split('\n');
  const shown = lines.map((line) => `${Array.from(line, visible).join('')}$\n`);
  editor.command.print(shown.join(''));
  await hitReturn(editor);
};

const shell: Handler = async (editor, { range }) => {
  const script = asText(range.rest.slice(1));
  if (script === '') return;
  editor.screen.bottomLine('');
  await editor.cooked(() => editor.command.run(['sh', '-c', script]));
  await hitReturn(editor);
};

/** By name; a beginning of one stands for the first that fits. */
const HANDLERS: Readonly<Record<string, Handler>> = {
  '!': shell,
  '=': (editor, { range }) => {
    editor.say(String(range.last ?? lineNumber(editor.text, editor.dot)));
  },
  delete: remove,
  edit,
  file: (editor, { args }) => {
    if (args !== '') editor.file = asText(args);
  },
  list,
  next: goTo('next', ({ files }) => files.hasNext, 'No more files to edit'),
  prev: goTo('previous', ({ files }) => files.hasPrevious, 'No previous files to edit'),
  quit,
  read,
  rewind: goTo('rewind', () => true, ''),
  set: (editor, { args }) => {
    set(editor, args);
  },
  substitute: (editor, { args, range, span }) => {
    const { text } = editor;
    const first = lineNumber(text, span.from);
    return substitute(editor, args, first, range.last ?? lineNumber(text, lineEnd(text, span.from)));
  },
  version: (editor) => {
    editor.say(VERSION);
  },
  write,
  wn: write,
  wq: write,
  x: write,
  yank,
};
