/** What two runs of the same commands do not have in common, and what stands in the transcript instead. */
export interface Pattern {
  readonly name: string;
  readonly find: RegExp;
  readonly put: string;
}

/** Letters and digits of generated names. https://pkg.go.dev/k8s.io/apimachinery/pkg/util/rand */
const SAFE = '[bcdfghjklmnpqrstvwxz2456789]';

/**
 * The closed list, in the order in which it is applied. Nothing else may differ between two clusters; each entry has
 * tests of what it changes and of what it leaves (test/unit/parity/normalise.test.ts).
 */
export const patterns: readonly Pattern[] = [
  { name: 'folders of kubectl diff', find: /\/tmp\/(LIVE|MERGED)-\d+/g, put: '/tmp/$1-<n>' },
  { name: 'tokens', find: /\beyJ[\w-]+\.[\w-]+\.[\w-]+/g, put: '<token>' },
  {
    name: 'certificates',
    find: /-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----\n?/g,
    put: '<certificate>',
  },
  { name: 'certificates in base64', find: /\bLS0tLS1CRUdJTi[\w+/=]+/g, put: '<certificate>' },
  {
    name: "headers of kubectl's own log",
    find: /^([IWE])\d{4} [\d:.]+ +\d+ ([\w.-]+):\d+\]/gm,
    put: '$1 $2]',
  },
  {
    name: 'points in time, as in objects',
    find: /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g,
    put: '<time>',
  },
  {
    name: 'points in time, as describe prints them',
    find: /\b\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}/g,
    put: '<time>',
  },
  {
    name: 'points in time, as Go and diff print them',
    find: /\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? [+-]\d{4}( UTC)?/g,
    put: '<time>',
  },
  { name: 'uids', find: /\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, put: '<uid>' },
  {
    name: 'images in a status: an id, or the name that the node knew first',
    find: /((?:image|image ID|imageID)"?: +"?)((\S+@)?sha256:[0-9a-f]{64}|docker\.io\/(kindest\/local-path-helper:[\w.-]+|library\/busybox:1\.37))(?="?,?$)/gim,
    put: '$1<image>',
  },
  { name: 'ids of containers', find: /\b[0-9a-f]{64}\b/g, put: '<id>' },
  { name: 'names of events', find: /(?<=[a-z0-9>])\.[0-9a-f]{16}\b/g, put: '.<event>' },
  { name: "minutes in the names of a CronJob's Jobs", find: /-\d{8}(?![\w])/g, put: '-<minute>' },
  {
    name: 'generated names of pods',
    find: new RegExp(`-${SAFE}{8,10}-${SAFE}{5}(?![\\w-])`, 'g'),
    put: '-<hash>-<id>',
  },
  { name: 'hashes of templates in names', find: new RegExp(`-${SAFE}{8,10}(?![\\w-])`, 'g'), put: '-<hash>' },
  {
    name: 'hashes of templates in prefixes of names',
    find: new RegExp(`(generateName"?: "?[\\w-]*)-${SAFE}{8,10}-(?![\\w-])`, 'g'),
    put: '$1-<hash>-',
  },
  { name: 'ends of generated names', find: new RegExp(`-${SAFE}{5}(?![\\w-])`, 'g'), put: '-<id>' },
  {
    name: 'hashes of templates in labels',
    find: new RegExp(
      `((?:pod-template|controller-revision)-hash"?[=:] ?"?)(?:${SAFE}{8,10}(?!\\w)|${SAFE}+(?=$|[",]))`,
      'gm',
    ),
    put: '$1<hash>',
  },
  { name: 'names of nodes', find: /\b[a-z0-9][\w-]*-(control-plane|worker\d*)\b/g, put: '<$1>' },
  {
    name: 'addresses of pods, Services and nodes',
    find: /\b(?:10\.(?:96|244)|172\.\d+)\.\d+\.\d+\b(?!\/)/g,
    put: '<ip>',
  },
  { name: 'ports of this machine', find: /\b127\.0\.0\.1:\d{4,5}\b/g, put: '127.0.0.1:<port>' },
  { name: 'ports of clients', find: /(<ip>):\d+(?=->)/g, put: '$1:<port>' },
  { name: 'node ports in tables', find: /(?<=\d:)3[0-2]\d{3}(?=\/(?:TCP|UDP|SCTP))/g, put: '<node-port>' },
  {
    name: 'node ports in objects',
    find: /((?:nodePort|healthCheckNodePort|HealthCheck NodePort)"?: *)\d{5}\b/g,
    put: '$1<node-port>',
  },
  { name: 'node ports of describe', find: /(NodePort: +\S+ +)\d{5}(?=\/)/g, put: '$1<node-port>' },
  { name: 'revisions', find: /(resourceVersion"?:? ?)"\d+"/gi, put: '$1<revision>' },
  { name: 'tokens of the next page', find: /("?continue"?: ?)"?[\w-]{20,}"?/g, put: '$1<continue>' },
  {
    name: 'how long a pull took, and its size',
    find: / in [\d.]+m?s \([\d.]+m?s including waiting\)\. Image size: \d+ bytes/g,
    put: ' in <duration>',
  },
  {
    name: 'ages and durations',
    // Not cpu in thousandths, not what a toleration or a back-off lasts.
    find: /(?<=^|[ (])(?<!(?:for|back-off) )(?:\d+(?:[shd]|m\d+s|h\d+m|d\d+h|y\d+d)|(?<!cpu.*)\d+m)(?=[\s)]|$)/gm,
    put: '<age>',
  },
  { name: 'how often and since when', find: /<age> \(x\d+ over <age>\)/g, put: '<age>' },
  { name: 'widths of columns', find: /(?<=\S)(?<!^[-+]) {2,}(?=\S)/gm, put: '  ' },
  { name: 'blanks at the end', find: /[ \t]+$/gm, put: '' },
];

/** A command's output without what is chance. */
export function normalise(text: string, using: readonly Pattern[] = patterns): string {
  return using.reduce((seen, { find, put }) => seen.replaceAll(find, put), text);
}
