/** The value of `-name value` or `-name=value`, with one dash or two: https://pkg.go.dev/flag#hdr-Command_line_flag_syntax */
export function goFlag(args: readonly string[], name: string): string | undefined {
  for (const [index, word] of args.entries()) {
    if (word === `-${name}` || word === `--${name}`) return args[index + 1];
    const prefix = new RegExp(`^--?${name.replace('.', '\\.')}=`).exec(word);
    if (prefix !== null) return word.slice(prefix[0].length);
  }
  return undefined;
}
