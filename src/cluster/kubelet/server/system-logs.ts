import type { NodeAnswer } from '../../node-api.ts';
import type { FileTree } from '../../runtime/container-types.ts';

const PREFIX = '/logs';
const FOLDER = '/var/log';
const PAGE = '<!doctype html>\n<meta name="viewport" content="width=device-width">\n<pre>\n';
const HTML = 'text/html; charset=utf-8';
const TEXT = 'text/plain; charset=utf-8';

/** `/logs/…`: files and folders below `/var/log`, as Go's file server shows them. https://pkg.go.dev/net/http#FileServer */
export function servedLog(files: FileTree, path: string): NodeAnswer {
  const file = FOLDER + decodeURIComponent(path.slice(PREFIX.length).replace(/\/+$/, ''));
  if (!files.exists(file)) return { status: 404, type: TEXT, body: '404 page not found\n' };
  if (files.stat(file).type !== 'directory') {
    return { status: 200, type: TEXT, body: files.readText(file) };
  }
  if (!path.endsWith('/')) {
    const name = path.slice(path.lastIndexOf('/') + 1);
    return { status: 301, type: TEXT, body: '', location: `${name}/` };
  }
  const names = [...files.list(file)].sort().map((name) => {
    const inside = `${file}/${name}`;
    return files.lstat(inside).type === 'directory' ? `${name}/` : name;
  });
  const links = names.map((name) => `<a href="${encodeURI(name)}">${escaped(name)}</a>\n`);
  return { status: 200, type: HTML, body: `${PAGE}${links.join('')}</pre>\n` };
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
};

const escaped = (text: string): string => text.replace(/[&<>"']/g, (letter) => ESCAPES[letter] ?? letter);
