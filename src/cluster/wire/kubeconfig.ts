import { stringify } from 'yaml';

export interface KubeconfigOptions {
  /** Names of the cluster and the user; the context is `user@cluster`. */
  readonly cluster: string;
  readonly user: string;
  /** `https://127.0.0.1:40123` */
  readonly server: string;
  /** PEM texts. */
  readonly ca: string;
  readonly clientCertificate: string;
  readonly clientKey: string;
  readonly namespace?: string;
}

/**
 * A kubeconfig with one context and everything inside, so that it works wherever the file is moved to.
 * https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
 */
export function renderKubeconfig(options: KubeconfigOptions): string {
  const { cluster, user, namespace } = options;
  const context = `${user}@${cluster}`;
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  return stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: cluster,
          cluster: { server: options.server, 'certificate-authority-data': base64(options.ca) },
        },
      ],
      users: [
        {
          name: user,
          user: {
            'client-certificate-data': base64(options.clientCertificate),
            'client-key-data': base64(options.clientKey),
          },
        },
      ],
      contexts: [
        { name: context, context: { cluster, user, ...(namespace === undefined ? {} : { namespace }) } },
      ],
      'current-context': context,
      preferences: {},
    },
    { lineWidth: 0 },
  );
}
