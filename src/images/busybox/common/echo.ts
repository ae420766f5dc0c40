import { escapes } from './escapes.ts';

/** What `echo` writes. */
export function echoText(args: readonly string[]): string {
  let hasNewline = true;
  let hasEscapes = false;
  let index = 0;
  for (; /^-[neE]+$/.test(args[index] ?? ''); index++) {
    for (const letter of (args[index] ?? '').slice(1)) {
      if (letter === 'n') hasNewline = false;
      else hasEscapes = letter === 'e';
    }
  }
  const text = args.slice(index).join(' ');
  if (!hasEscapes) return hasNewline ? `${text}\n` : text;
  const escaped = escapes(text);
  return hasNewline && !escaped.ended ? `${escaped.text}\n` : escaped.text;
}
