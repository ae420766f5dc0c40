/**
 * Puts generated text between two markers of a document: `<!-- soundness:kind -->` and `<!-- /soundness:kind -->`.
 * @param marker what stands in them, `soundness:kind`
 * @throws where the document has lost them
 */
export function between(document: string, marker: string, generated: string): string {
  const { from, to } = partOf(document, marker);
  return `${document.slice(0, from)}\n\n${generated}\n\n${document.slice(to)}`;
}

/**
 * What stands between the markers.
 * @throws where the document has lost them
 */
export function part(document: string, marker: string): string {
  const { from, to } = partOf(document, marker);
  return document.slice(from, to).trim();
}

function partOf(document: string, marker: string): { readonly from: number; readonly to: number } {
  const [begin, end] = [`<!-- ${marker} -->`, `<!-- /${marker} -->`];
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`the document has lost its markers ${begin} … ${end}`);
  return { from: from + begin.length, to };
}
