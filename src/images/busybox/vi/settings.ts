import type { Editor } from './editor.ts';

const SWITCHES = {
  ai: 'autoindent',
  et: 'expandtab',
  fl: 'flash',
  ic: 'ignorecase',
  sm: 'showmatch',
} as const;
/** A tab goes so many columns at most. */
const WIDEST_TAB = 32;

/** `:set`: all settings where none is named. */
export function set(editor: Editor, args: string): void {
  const { settings } = editor;
  if (args === '') {
    const words = Object.values(SWITCHES).map((name) => (settings[name] ? name : `no${name}`));
    editor.complain(`${words.join(' ')} tabstop=${settings.tabstop}`);
    return;
  }
  for (const word of args.split(/\s+/)) if (!setOne(editor, word)) editor.complain(`bad option: ${word}`);
}

function setOne({ settings }: Editor, word: string): boolean {
  const [, width] = /^(?:ts|tabstop)=(\d+)$/.exec(word) ?? [];
  if (width !== undefined) {
    if (Number(width) < 1 || Number(width) > WIDEST_TAB) return false;
    settings.tabstop = Number(width);
    return true;
  }
  const isOff = word.startsWith('no');
  const wanted = isOff ? word.slice(2) : word;
  for (const [short, name] of Object.entries(SWITCHES)) {
    if (wanted !== short && wanted !== name) continue;
    settings[name] = !isOff;
    return true;
  }
  return false;
}
