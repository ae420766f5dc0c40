/** What real CoreDNS 1.14.2 was given and said, on a kind cluster of Kubernetes 1.36.3. */

/** The Corefile that kind installs. */
export const KIND_COREFILE = `.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30 {
       disable success cluster.local
       disable denial cluster.local
    }
    loop
    reload
    loadbalance
}
`;

/** Plugin set-ups that fail (bind, acl, autopath and bufsize as their source says it), each in a block of its own from the second line on, and the server's last words. */
export const SETUP_ERRORS: readonly (readonly [string, string])[] = [
  [
    'forward',
    "plugin/forward: F:2 - Error during parsing: Wrong argument count or unexpected line ending after 'forward'",
  ],
  [
    'forward .',
    "plugin/forward: F:2 - Error during parsing: Wrong argument count or unexpected line ending after '.'",
  ],
  ['forward a..b 10.0.0.1', "plugin/forward: unable to normalize 'a..b'"],
  ['forward . /nonexist', 'plugin/forward: not an IP address or file: "/nonexist"'],
  ['forward . 300.2.3.4', 'plugin/forward: not an IP address or file: "300.2.3.4"'],
  [
    'forward . 8.8.8.8 {\n bogus 3\n}',
    "plugin/forward: F:3 - Error during parsing: unknown property 'bogus'",
  ],
  [
    'forward . 1.2.3.4 {\n max_fails\n}',
    "plugin/forward: F:3 - Error during parsing: Wrong argument count or unexpected line ending after 'max_fails'",
  ],
  ['forward . 1.2.3.4 {\n max_fails x\n}', 'plugin/forward: strconv.ParseUint: parsing "x": invalid syntax'],
  ['forward . 1.2.3.4 {\n policy foo\n}', "plugin/forward: F:3 - Error during parsing: unknown policy 'foo'"],
  ['forward . 1.2.3.4 {\n expire x\n}', 'plugin/forward: time: invalid duration "x"'],
  ['forward . 1.2.3.4 {\n max_concurrent -1\n}', "plugin/forward: max_concurrent can't be negative: -1"],
  ['cache 30\ncache 40', 'plugin/cache: this plugin can only be used once per Server Block'],
  ['errors\nerrors', 'plugin/errors: this plugin can only be used once per Server Block'],
  ['loop\nloop', 'plugin/loop: this plugin can only be used once per Server Block'],
  ['cache 0', 'plugin/cache: cache TTL can not be zero or negative: 0'],
  ['cache {\n success x\n}', 'plugin/cache: strconv.Atoi: parsing "x": invalid syntax'],
  ['cache {\n disable foo\n}', 'plugin/cache: cache type for disable must be "success" or "denial"'],
  [
    'cache 30 {\n succes 3\n}',
    "plugin/cache: F:3 - Error during parsing: Wrong argument count or unexpected line ending after 'succes'",
  ],
  ['health foo', 'plugin/health: address foo: missing port in address'],
  [
    'health {\n foo\n}',
    "plugin/health: F:3 - Error during parsing: Wrong argument count or unexpected line ending after 'foo'",
  ],
  [
    'health {\n lameduck x\n}',
    `plugin/health: unable to parse lameduck duration value: 'x' : time: invalid duration "x"`,
  ],
  [
    'ready a b',
    "plugin/ready: F:2 - Error during parsing: Wrong argument count or unexpected line ending after 'b'",
  ],
  [
    'kubernetes cluster.local {\n podz insecure\n}',
    "plugin/kubernetes: F:3 - Error during parsing: unknown property 'podz'",
  ],
  [
    'kubernetes cluster.local {\n pods maybe\n}',
    'plugin/kubernetes: wrong value for pods: maybe,  must be one of: disabled, verified, insecure',
  ],
  [
    'kubernetes cluster.local {\n pods\n}',
    "plugin/kubernetes: F:3 - Error during parsing: Wrong argument count or unexpected line ending after 'pods'",
  ],
  [
    'kubernetes cluster.local {\n ttl 99999\n}',
    'plugin/kubernetes: F:3 - Error during parsing: ttl must be in range [0, 3600]: 99999',
  ],
  ['kubernetes cluster.local {\n ttl x\n}', 'plugin/kubernetes: strconv.Atoi: parsing "x": invalid syntax'],
  ['kubernetes 10.96.0.0/12', 'plugin/kubernetes: non-reverse zone name must be used'],
  ['kubernetes foo..bar', 'plugin/kubernetes: non-reverse zone name must be used'],
  [
    'template',
    "plugin/template: F:2 - Error during parsing: Wrong argument count or unexpected line ending after 'template'",
  ],
  ['template IN FOO', 'plugin/template: F:2 - Error during parsing: invalid RR class FOO'],
  ['template XX A', 'plugin/template: F:2 - Error during parsing: invalid query class XX'],
  ['template IN ANY {\n rcode NOPE\n}', 'plugin/template: F:3 - Error during parsing: unknown rcode NOPE'],
  [
    'template IN A {\n answer\n}',
    "plugin/template: F:3 - Error during parsing: Wrong argument count or unexpected line ending after 'answer'",
  ],
  [
    'template IN A {\n match "^([a-z]+"\n}',
    'plugin/template: F:3 - Error during parsing: could not parse regex: ^([a-z]+, error parsing regexp: missing closing ): `^([a-z]+`',
  ],
  [
    'template IN A {\n answer "{{ .Name"\n}',
    'plugin/template: F:3 - Error during parsing: could not compile template: {{ .Name, template: answer:1: unclosed action',
  ],
  [
    'template IN A {\n answer "{{ foo }} 60 IN A 1.2.3.4"\n}',
    'plugin/template: F:3 - Error during parsing: could not compile template: {{ foo }} 60 IN A 1.2.3.4, template: answer:1: function "foo" not defined',
  ],
  ['rewrite', 'plugin/rewrite: no rule type specified for rewrite'],
  ['rewrite foo a b', 'plugin/rewrite: invalid rule type "foo"'],
  ['rewrite name foo', 'plugin/rewrite: too few arguments for a name rule'],
  ['rewrite name regex ( b', 'plugin/rewrite: invalid regex matching pattern: ('],
  [
    'rewrite name bogus a b',
    'plugin/rewrite: name rule supports only exact, prefix, suffix, substring, and regex name matching, received: bogus',
  ],
  ['rewrite type A B', 'plugin/rewrite: invalid type "B"'],
  ['log . {\n class foo\n}', 'plugin/log: invalid Class: foo'],
  [
    'log {\n bogus\n}',
    "plugin/log: F:3 - Error during parsing: Wrong argument count or unexpected line ending after 'bogus'",
  ],
  ['errors foo', 'plugin/errors: F:2 - Error during parsing: invalid log file: foo'],
  [
    'errors {\n bogus\n}',
    "plugin/errors: F:3 - Syntax error: Unexpected token 'bogus', expecting 'Unknown field bogus'",
  ],
  ['errors {\n consolidate x y\n}', 'plugin/errors: F:3 - Error during parsing: time: invalid duration "x"'],
  ['autopath', 'plugin/autopath: no resolv-conf specified'],
  [
    'autopath cluster.local /etc/none',
    'plugin/autopath: failed to parse "/etc/none": open /etc/none: no such file or directory',
  ],
  ['autopath /etc', 'plugin/autopath: failed to parse "/etc": read /etc: is a directory'],
  ...['100', '511', '4097', 'x', '512 512'].map((size): [string, string] => [
    `bufsize ${size}`,
    `plugin/bufsize: plugin/bufsize: F:2 - Error during parsing: Wrong argument count or unexpected line ending after '${size.split(' ').at(-1) ?? ''}'`,
  ]),
  ['bind', 'plugin/bind: at least one address or interface name is expected'],
  ['bind eth7', 'plugin/bind: not a valid IP address or interface name: "eth7"'],
  [
    'bind lo {\n except\n}',
    'plugin/bind: at least one address or interface must be given to except subdirective',
  ],
  ['bind lo {\n only lo\n}', 'plugin/bind: invalid option "only"'],
  ['bind 10.9.9.9', 'listen tcp 10.9.9.9:53: bind: cannot assign requested address'],
  [
    'acl {\n deny\n}',
    `plugin/acl: F:3 - Error during parsing: unexpected token "deny"; expect 'allow', 'block', 'filter' or 'drop'`,
  ],
  [
    'acl {\n block from 10.0.0.0/8\n}',
    `plugin/acl: F:3 - Error during parsing: unexpected token "from"; expect 'type | net'`,
  ],
  ['acl {\n block net\n}', 'plugin/acl: F:3 - Error during parsing: no token specified in "net" section'],
  [
    'acl {\n block type A B\n}',
    'plugin/acl: F:3 - Error during parsing: unexpected token "B"; expect legal QTYPE',
  ],
  [
    'acl {\n block net 10.0.0.0/33\n}',
    'plugin/acl: F:3 - Error during parsing: illegal CIDR notation "10.0.0.0/33"',
  ],
  ['acl {\n block net a\n}', 'plugin/acl: F:3 - Error during parsing: illegal CIDR notation "a/32"'],
  [
    'kubernetes cluster.local {\n namespaces\n}',
    "plugin/kubernetes: F:3 - Error during parsing: Wrong argument count or unexpected line ending after 'namespaces'",
  ],
  ['loadbalance foo', 'plugin/loadbalance: unknown policy: foo'],
  [
    'loadbalance round_robin x',
    'plugin/loadbalance: F:2 - Error during parsing: unknown property for round_robin',
  ],
  ['reload 1s', 'plugin/reload: interval value must be greater or equal to 2s'],
  ['reload abc', 'plugin/reload: time: invalid duration "abc"'],
  ['reload 30', 'plugin/reload: time: missing unit in duration "30"'],
  ['hosts {\n 10.0.0.1\n ttl x\n}', 'plugin/hosts: F:4 - Error during parsing: ttl needs a number of second'],
  [
    'hosts {\n 10.0.0.1 a\n reload x\n}',
    "plugin/hosts: F:4 - Error during parsing: invalid duration for reload 'x'",
  ],
  [
    'loop a',
    "plugin/loop: F:2 - Error during parsing: Wrong argument count or unexpected line ending after 'a'",
  ],
  ['loop {\n x\n}', "plugin/loop: F:2 - Error during parsing: Unexpected token '{', expecting argument"],
  ['prometheus foo', 'plugin/prometheus: address foo: missing port in address'],
  [
    'prometheus :1 :2',
    "plugin/prometheus: F:2 - Error during parsing: Wrong argument count or unexpected line ending after ':2'",
  ],
  ['erratic {\n drop x\n}', 'plugin/erratic: strconv.ParseInt: parsing "x": invalid syntax'],
  ['erratic {\n foo\n}', "plugin/erratic: F:3 - Error during parsing: unknown property 'foo'"],
];
