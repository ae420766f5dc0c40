import type { UserInfo } from '../types.ts';
import { subdomainProblems } from '../validation/formats.ts';

const SERVICE_ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/;
const NODE_PREFIX = 'system:node:';
const NODE_OF_TOKEN = 'authentication.kubernetes.io/node-name';

/** What the headers of a request ask for. */
export interface Wanted {
  readonly name: string;
  /** Empty: none. */
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** A way to act in another name. https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/ */
export interface Mode {
  /** The end of its verbs, `impersonate:user-info`; undefined: `impersonate`, which allows every request. */
  readonly name?: string;
  /** Whether it is a way to this user for this sender. */
  suits(wanted: Wanted, sender: UserInfo): boolean;
}

/** The way for every user and every request. */
export const LEGACY: Mode = { suits: () => true };

/** The ways that are bound to the kind of user and to what the request asks for, in the order of the attempts. */
export const MODES: readonly Mode[] = [
  { name: 'associated-node', suits: (wanted, sender) => isAlone(wanted) && isOnNode(sender, wanted.name) },
  { name: 'arbitrary-node', suits: (wanted) => isAlone(wanted) && nodeOf(wanted.name) !== undefined },
  { name: 'serviceaccount', suits: (wanted) => isAlone(wanted) && accountOf(wanted.name) !== undefined },
  {
    name: 'user-info',
    suits: ({ name }) => nodeOf(name) === undefined && accountOf(name) === undefined,
  },
];

/** The ServiceAccount with this user name. */
export function accountOf(user: string): { readonly namespace: string; readonly name: string } | undefined {
  const [, namespace, name] = SERVICE_ACCOUNT.exec(user) ?? [];
  return namespace === undefined || name === undefined ? undefined : { namespace, name };
}

/** The node with this user name. */
export function nodeOf(user: string): string | undefined {
  if (!user.startsWith(NODE_PREFIX)) return undefined;
  const name = user.slice(NODE_PREFIX.length);
  return subdomainProblems(name).length === 0 ? name : undefined;
}

function isAlone({ uid, groups, extra }: Wanted): boolean {
  return uid === '' && groups.length === 0 && Object.keys(extra).length === 0;
}

/** Whether the sender is a ServiceAccount whose pod is on the node. */
function isOnNode({ name, extra }: UserInfo, user: string): boolean {
  const node = nodeOf(user);
  const [own, ...more] = extra?.[NODE_OF_TOKEN] ?? [];
  return node !== undefined && accountOf(name) !== undefined && more.length === 0 && own === node;
}
