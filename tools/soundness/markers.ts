/**
 * Puts generated text between the two markers of a part: `<!-- soundness:kind -->` and `<!-- /soundness:kind -->`.
 * @throws where the document has lost them
 */
export function between(document: string, part: string, generated: string): string {
  const [begin, end] = [`<!-- soundness:${part} -->`, `<!-- /soundness:${part} -->`];
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`docs/soundness.md has lost its markers ${begin} … ${end}`);
  return `${document.slice(0, from + begin.length)}\n\n${generated}\n\n${document.slice(to)}`;
}
