import type { Container } from '../../../model/objects.ts';

/** The number of a probe's or hook's port; undefined for a name that the container does not have. */
export function portOf(container: Container, port: number | string): number | undefined {
  if (typeof port === 'number') return port;
  const named = container.ports?.find(({ name }) => name === port);
  if (named !== undefined) return named.containerPort;
  return /^\d+$/.test(port) ? Number(port) : undefined;
}

/** The host of a probe or hook: the pod, unless it names another. Go's clients send a host that is not set as ''. */
export function hostOf({ host = '' }: { readonly host?: string }, podIp: string): string {
  return host === '' ? podIp : host;
}
