const WHO: Readonly<Record<string, number>> = { u: 0o4700, g: 0o2070, o: 0o1007, a: 0o7777 };
const PERMISSION: Readonly<Record<string, number>> = { r: 0o444, w: 0o222, x: 0o111, s: 0o6000, t: 0o1000 };

/**
 * Permission bits from `755` or `u+x,go-w`.
 * @param before the bits now
 * @param isDirectory whether `X` gives what `x` does
 * @returns undefined where it cannot be understood
 */
export function parseMode(text: string, before: number, isDirectory: boolean): number | undefined {
  if (/^[0-7]{1,5}$/.test(text)) return parseInt(text, 8) & 0o7777;
  let mode = before;
  for (const clause of text.split(',')) {
    const match = /^([ugoa]*)((?:[-+=][rwxXstugo]*)+)$/.exec(clause);
    if (match?.[2] === undefined) return undefined;
    const who = (match[1] === '' || match[1] === undefined ? 'a' : match[1]).split('');
    const mask = who.reduce((sum, letter) => sum | (WHO[letter] ?? 0), 0);
    for (const [, operator, letters = ''] of match[2].matchAll(/([-+=])([rwxXstugo]*)/g)) {
      const bits = bitsOf(letters, mode, isDirectory) & mask;
      if (operator === '+') mode |= bits;
      else if (operator === '-') mode &= ~bits;
      else mode = (mode & ~(mask & 0o777)) | bits;
    }
  }
  return mode;
}

function bitsOf(letters: string, mode: number, isDirectory: boolean): number {
  let bits = 0;
  for (const letter of letters) {
    const copied = { u: (mode >> 6) & 7, g: (mode >> 3) & 7, o: mode & 7 }[letter];
    if (copied !== undefined) bits |= copied * 0o111;
    else if (letter === 'X') bits |= isDirectory || (mode & 0o111) !== 0 ? 0o111 : 0;
    else bits |= PERMISSION[letter] ?? 0;
  }
  return bits;
}
