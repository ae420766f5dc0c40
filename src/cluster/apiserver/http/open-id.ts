import { goJson } from '../../../core/go-json.ts';
import type { Tokens } from '../auth/tokens.ts';
import { ISSUER } from '../auth/tokens.ts';
import { pageNotFound, textResponse } from './responses.ts';
import type { CompleteResponse } from './responses.ts';

const CONFIGURATION = '.well-known/openid-configuration';
const KEYS = 'openid/v1/jwks';
/** How long others may keep the answers. */
const CACHED = { 'cache-control': 'public, max-age=3600' };

/** Every path that is answered here. */
export const openIdPaths: readonly string[] = [`/${CONFIGURATION}`, `/${KEYS}`];

/** Whether a path is one of those below which tokens are explained to others. */
export function isOpenIdPath(segments: readonly string[]): boolean {
  return segments[0] === '.well-known' || segments[0] === 'openid';
}

/**
 * Who issues ServiceAccount tokens and with which keys, for whoever is to check one.
 * https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#service-account-issuer-discovery
 * @param address host and port of the server, for the link to the keys
 */
export function serveOpenId(
  segments: readonly string[],
  { keys }: Tokens['jwks'],
  address: string,
): CompleteResponse {
  switch (segments.join('/')) {
    case CONFIGURATION:
      return textResponse(
        200,
        'application/json',
        goJson({
          issuer: ISSUER,
          jwks_uri: `https://${address}/${KEYS}`,
          response_types_supported: ['id_token'],
          subject_types_supported: ['public'],
          id_token_signing_alg_values_supported: keys.map(({ alg }) => alg),
        }),
        CACHED,
      );
    case KEYS:
      return textResponse(200, 'application/jwk-set+json', JSON.stringify({ keys }), CACHED);
    default:
      return pageNotFound();
  }
}
