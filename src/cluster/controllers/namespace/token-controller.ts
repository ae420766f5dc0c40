import { edit } from '../../../core/json.ts';
import type { Secret } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import type { Controller, ControllerContext } from '../controller.ts';
import { WorkQueue, keyOf, splitKey } from '../work-queue.ts';

const TYPE = 'kubernetes.io/service-account-token';
const ACCOUNT = 'kubernetes.io/service-account.name';
const ACCOUNT_UID = 'kubernetes.io/service-account.uid';

/**
 * Puts a token that does not expire into Secrets which ask for one, and takes them away with their ServiceAccount.
 * https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#token-controller
 */
export function createTokenController(context: ControllerContext): Controller {
  const { api, simulation, watches, rootCertificate, secretToken } = context;
  const queue = new WorkQueue(simulation, 'serviceaccount-token', sync);

  function sync(key: string): void {
    const { namespace, name } = splitKey(key);
    const secret = api.get(resources.secrets, namespace, name);
    if (secret === undefined || secret.metadata.deletionTimestamp !== undefined || !isToken(secret)) return;
    const account = api.get(resources.serviceAccounts, namespace, accountOf(secret));
    const bound = secret.metadata.annotations?.[ACCOUNT_UID] ?? '';
    if (account === undefined || (bound !== '' && bound !== account.metadata.uid)) {
      api.delete(resources.secrets, namespace, name);
      return;
    }
    const { uid } = account.metadata;
    const wanted: Readonly<Record<string, () => string>> = {
      'ca.crt': () => rootCertificate,
      namespace: () => namespace,
      token: () => secretToken({ namespace, serviceAccount: account.metadata.name, uid, secret: name }),
    };
    const missing = Object.entries(wanted).filter(([field]) => (secret.data?.[field] ?? '') === '');
    if (missing.length === 0 && bound === uid) return;
    api.update(
      resources.secrets,
      edit(secret, (draft) => {
        draft.metadata.annotations = { ...draft.metadata.annotations, [ACCOUNT_UID]: uid };
        const added = missing.map(([field, text]) => [field, Buffer.from(text()).toString('base64')]);
        draft.data = { ...draft.data, ...(Object.fromEntries(added) as Record<string, string>) };
      }),
    );
  }

  return {
    name: 'tokens-controller',
    start: () => {
      watches.on(resources.secrets, ({ type, object }) => {
        if (type !== 'DELETED' && isToken(object)) queue.add(keyOf(object));
      });
      watches.on(resources.serviceAccounts, ({ type, object: { metadata } }) => {
        if (type !== 'DELETED') return;
        for (const secret of api.list(resources.secrets, { namespace: metadata.namespace ?? '' })) {
          if (isToken(secret) && accountOf(secret) === metadata.name) queue.add(keyOf(secret));
        }
      });
    },
  };
}

const isToken = ({ type }: Secret): boolean => type === TYPE;
const accountOf = ({ metadata }: Secret): string => metadata.annotations?.[ACCOUNT] ?? '';
