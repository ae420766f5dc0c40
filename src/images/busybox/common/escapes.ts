const SIMPLE: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  e: '\x1b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
};

/**
 * Replaces the escapes of `echo -e`, `printf` and `$'…'`.
 * @returns `ended` where `\c` says that nothing may follow
 */
export function escapes(text: string): { readonly text: string; readonly ended: boolean } {
  const end = /^(?:[^\\]|\\[^c])*?\\c/.exec(text);
  const body = end === null ? text : end[0].slice(0, -2);
  const replaced = body.replace(
    /\\(?:x([0-9a-fA-F]{1,2})|(0?[0-7]{1,3})|([^]))/g,
    (whole, hex: string | undefined, octal: string | undefined, other: string | undefined) => {
      if (hex !== undefined) return String.fromCharCode(parseInt(hex, 16));
      if (octal !== undefined) return String.fromCharCode(parseInt(octal, 8) & 0xff);
      return SIMPLE[other ?? ''] ?? whole;
    },
  );
  return { text: replaced, ended: end !== null };
}
