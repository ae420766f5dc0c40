const DIGIT = /[A-Za-z0-9+/]/;
const LINE_END = /[\r\n]/;

/**
 * Where Go's decoder stops: at what is neither a digit nor in its place, or where the four digits begin that are not all
 * there. Line ends count and mean nothing. https://pkg.go.dev/encoding/base64#Encoding.DecodeString
 * @returns the index; undefined where all of it is base64
 */
export function notBase64At(text: string): number | undefined {
  let at = 0;
  let digits = 0;
  for (; at < text.length; at++) {
    const character = text[at] ?? '';
    if (DIGIT.test(character)) digits = (digits + 1) % 4;
    else if (!LINE_END.test(character)) return character === '=' ? wrongEndAt(text, at, digits) : at;
  }
  return digits === 0 ? undefined : at - digits;
}

/** @param at where the first `=` is, after so many digits of four */
function wrongEndAt(text: string, at: number, digits: number): number | undefined {
  if (digits < 2) return at;
  let next = withoutLineEnds(text, at + 1);
  if (digits === 2) {
    if (next === text.length) return next;
    if (text[next] !== '=') return next - 1;
    next = withoutLineEnds(text, next + 1);
  }
  return next < text.length ? next : undefined;
}

function withoutLineEnds(text: string, from: number): number {
  let at = from;
  while (LINE_END.test(text[at] ?? '')) at++;
  return at;
}
