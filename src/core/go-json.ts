/** What Go's encoder writes as an escape, so that its JSON can stand in HTML. */
const UNSAFE = /[<>&\u2028\u2029]/g;
const ANY_UNSAFE = new RegExp(UNSAFE.source);

/**
 * JSON as Go writes it: as JavaScript does, with `<`, `>`, `&` and two separators of lines as escapes.
 * https://pkg.go.dev/encoding/json#Marshal
 * @param indent spaces a level; with 0 everything is on one line
 */
export function goJson(value: unknown, indent = 0): string {
  const text = JSON.stringify(value, undefined, indent);
  if (!ANY_UNSAFE.test(text)) return text;
  return text.replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A whole document of it: Go's encoder ends each with a new line. https://pkg.go.dev/encoding/json#Encoder.Encode */
export function goJsonLine(value: unknown): string {
  return `${goJson(value)}\n`;
}
