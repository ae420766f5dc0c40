import { type LabView, resources } from 'breakfix';

/** The registry of this scenario, who may pull from it, and pull secrets. */

export const namespace = 'shop';
export const host = 'images.shop.test:5000';
export const mirror = 'mirror.shop.test:5000';
export const repository = 'shop';
export const oldTag = '1.4.2';
export const release = '1.5.0';
/** Where the platform team keeps the login; shown to the learner. */
export const robot = {
  namespace: 'platform',
  name: 'registry-robot',
  username: 'robot',
  password: 'k9-Fetch-3xpress',
};

export const image = (tag: string, from = host) => `${from}/${repository}:${tag}`;
export const registry = {
  host,
  repositories: { [repository]: { '1.4.1': '1.4.1', [oldTag]: oldTag, [release]: release } },
  credentials: { username: robot.username, password: robot.password },
};
/** Anybody may pull from it: the way out that is not allowed. */
export const openMirror = {
  host: mirror,
  repositories: { [repository]: { [release]: release } },
  mirrorOf: host,
};

export const base64 = (text: string): string => Buffer.from(text).toString('base64');
const decoded = (text = ''): string => Buffer.from(text, 'base64').toString('utf8');

interface Login {
  readonly username: string;
  readonly password: string;
}

/** The login, from where the ticket says that it is. */
export const loginOf = async (lab: LabView): Promise<Login> => {
  const secret = await lab.kube.get(resources.secrets, robot.namespace, robot.name);
  return { username: decoded(secret?.data?.['username']), password: decoded(secret?.data?.['password']) };
};

/** `auths` of a Docker configuration, as `kubectl create secret docker-registry` writes it. */
export const authsOf = ({ username, password }: Login, server = host) => ({
  [server]: { username, password, auth: base64(`${username}:${password}`) },
});

export const dockerSecret = (name: string, auths: object) => ({
  apiVersion: 'v1' as const,
  kind: 'Secret' as const,
  metadata: { name, namespace },
  type: 'kubernetes.io/dockerconfigjson',
  data: { '.dockerconfigjson': base64(JSON.stringify({ auths })) },
});

/** A secret's type cannot be changed: it is made again. */
export const putSecret = async (lab: LabView, secret: ReturnType<typeof dockerSecret>): Promise<void> => {
  await lab.kube.delete(resources.secrets, namespace, secret.metadata.name);
  await lab.kube.create(resources.secrets, secret);
};

export const putLogin = async (lab: LabView, name: string): Promise<void> => {
  await putSecret(lab, dockerSecret(name, authsOf(await loginOf(lab))));
};
