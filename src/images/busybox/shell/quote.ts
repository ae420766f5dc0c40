/** In single quotes where that is needed, as `set -x`, `export -p` and `alias` show values. */
export function quoted(text: string): string {
  return /^[\w+,./:@-]+$/.test(text) ? text : singleQuoted(text);
}

export function singleQuoted(text: string): string {
  return `'${text.replaceAll("'", `'"'"'`)}'`;
}
