import type { Container, Pod } from '../../model/objects.ts';
import type { Image } from '../runtime/types.ts';
import { ConfigError } from './env.ts';
import { podText } from './pod-names.ts';

export interface User {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

/**
 * Who the container runs as: its own security context, then the pod's, then the image's.
 * https://kubernetes.io/docs/tasks/configure-pod-container/security-context/
 * @throws ConfigError where runAsNonRoot is broken
 */
export function userOf(pod: Pod, container: Container, image: Image): User {
  const context = { ...pod.spec.securityContext, ...container.securityContext };
  const { runAsUser, runAsGroup, fsGroup, supplementalGroups = [] } = context;
  if (context.runAsNonRoot === true) verifyNonRoot(pod, container, image, runAsUser);
  const own = runAsUser === undefined ? imageUser(image) : numberedUser(image, runAsUser);
  const gid = runAsGroup ?? own.gid;
  const extra = fsGroup === undefined ? supplementalGroups : [...supplementalGroups, fsGroup];
  const groups = [...new Set([gid, ...extra])].sort((a, b) => a - b);
  return { uid: own.uid, gid, groups };
}

/** Who the image's USER is. */
function imageUser(image: Image): { uid: number; gid: number } {
  const [user = '', group] = (image.config.user ?? '').split(':', 2);
  const entry = passwdEntry(image, user);
  const gid = group === undefined ? (entry?.gid ?? 0) : groupOf(image, group);
  return { uid: entry?.uid ?? numeric(user) ?? 0, gid };
}

function numberedUser(image: Image, uid: number): { uid: number; gid: number } {
  return { uid, gid: passwdEntry(image, String(uid))?.gid ?? 0 };
}

function verifyNonRoot(pod: Pod, container: Container, image: Image, runAsUser: number | undefined): void {
  const about = `(pod: "${podText(pod)}", container: ${container.name})`;
  if (runAsUser !== undefined) {
    if (runAsUser === 0) throw new ConfigError(`container's runAsUser breaks non-root policy ${about}`);
    return;
  }
  const [user = ''] = (image.config.user ?? '').split(':', 1);
  if (user !== '' && numeric(user) === undefined) {
    const problem = `container has runAsNonRoot and image has non-numeric user (${user})`;
    throw new ConfigError(`${problem}, cannot verify user is non-root ${about}`);
  }
  if (user === '' || numeric(user) === 0) {
    throw new ConfigError(`container has runAsNonRoot and image will run as root ${about}`);
  }
}

function numeric(text: string): number | undefined {
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

/** A line of the image's /etc/passwd, by name or number. */
function passwdEntry(image: Image, user: string): { uid: number; gid: number } | undefined {
  for (const line of linesOf(image, '/etc/passwd')) {
    const [name, , uid = '', gid = ''] = line.split(':');
    if (user !== '' && (name === user || uid === user)) return { uid: Number(uid), gid: Number(gid) };
  }
  return undefined;
}

function groupOf(image: Image, group: string): number {
  for (const line of linesOf(image, '/etc/group')) {
    const [name, , gid = ''] = line.split(':');
    if (name === group) return Number(gid);
  }
  return numeric(group) ?? 0;
}

function linesOf(image: Image, path: string): string[] {
  return image.files.find((file) => file.path === path)?.content?.split('\n') ?? [];
}
