/** Attributes of HTML whose value is an address. */
const LINKS =
  /(<\w[^<>]*?\s(?:action|background|cite|classid|codebase|data|formaction|href|icon|longdesc|manifest|poster|profile|src|usemap)\s*=\s*)(["'])(\/(?!\/)[^"']*)\2/gi;

/** Puts the proxy's path before every link of a page that names only a path, as the API server does. */
export function rewriteLinks(page: string, prefix: string): string {
  let text = page;
  // An element with two such attributes is rewritten from the last to the first.
  for (let before = ''; before !== text;) {
    before = text;
    text = text.replace(LINKS, (all: string, start: string, quote: string, path: string) =>
      path.startsWith(`${prefix}/`) ? all : `${start}${quote}${prefix}${path}${quote}`,
    );
  }
  return text;
}
