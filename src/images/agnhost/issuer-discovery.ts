import { createPublicKey, verify, type JsonWebKey } from 'node:crypto';
import { messageOf } from '../../core/errors.ts';
import type { ProgramContext } from '../../cluster/runtime/types.ts';
import type { Subcommand } from './agnhost.ts';
import { readFlags } from './flags.ts';
import { log } from './go.ts';
import { resolveAddress } from './resolve.ts';

const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
const CALL_MS = 30_000;

interface Claims {
  readonly iss: string;
  readonly aud: readonly string[];
  readonly exp: number;
  readonly sub: string;
}

/** Checks a token of its pod with what the API server says about its issuer, and says each step on standard error. */
export const issuerDiscovery: Subcommand = async (context, args) => {
  const flags = readFlags(args, { 'token-path': undefined, audience: undefined });
  const token = context.files.readText(flags.text('token-path', ''));
  log(context, 'OK: Got token');
  log(context, 'validating with in-cluster discovery');
  try {
    await validate(context, token, flags.text('audience', ''));
    return 0;
  } catch (error) {
    log(context, `failed to validate with in-cluster discovery: ${messageOf(error)}`);
    return 1;
  }
};

async function validate(context: ProgramContext, token: string, audience: string): Promise<void> {
  const [head = '', payload = '', signature = ''] = token.split('.');
  const { iss } = decoded(payload) as Claims;
  log(context, `OK: got issuer ${iss}`);
  const configuration = (await fetched(context, `${iss}/.well-known/openid-configuration`)) as {
    readonly issuer: string;
    readonly jwks_uri: string;
  };
  if (configuration.issuer !== iss) {
    throw new Error(
      `oidc: issuer did not match the issuer returned by provider, expected "${iss}" got "${configuration.issuer}"`,
    );
  }
  log(context, `OK: Constructed OIDC provider for issuer ${iss}`);
  const claims = decoded(payload) as Claims;
  if (!claims.aud.includes(audience)) {
    throw new Error(`oidc: expected audience "${audience}" got ["${claims.aud.join('" "')}"]`);
  }
  if (claims.exp * 1000 < context.clock.now()) throw new Error('oidc: token is expired');
  const { keys } = (await fetched(context, configuration.jwks_uri)) as {
    readonly keys: readonly (JsonWebKey & { readonly kid: string })[];
  };
  const { kid } = decoded(head) as { readonly kid: string };
  const signed = Buffer.from(`${head}.${payload}`);
  const isSigned = keys
    .filter((key) => key.kid === kid)
    .some((key) =>
      verify(undefined, signed, createPublicKey({ key, format: 'jwk' }), Buffer.from(signature, 'base64url')),
    );
  if (!isSigned) throw new Error('failed to verify signature: failed to verify id token signature');
  log(context, 'OK: Validated signature on JWT');
  log(context, 'OK: Got valid claims from token!');
  log(context, `Full, validated claims: \n${JSON.stringify(claims)}`);
}

function decoded(part: string): unknown {
  return JSON.parse(Buffer.from(part, 'base64url').toString());
}

/** A document of the API server, asked for in the name of the pod's ServiceAccount. */
async function fetched(context: ProgramContext, url: string): Promise<unknown> {
  const { hostname, host, port, pathname } = new URL(url);
  const ip = await resolveAddress(context, hostname);
  const headers = { host, authorization: `Bearer ${context.files.readText(`${ACCOUNT}/token`)}` };
  const request = { method: 'GET', path: pathname, headers, body: '', secure: true };
  const to = { ip, port: Number(port === '' ? 443 : port) };
  const { status, body } = await context.net.http(to, request, { timeoutMs: CALL_MS });
  if (status !== 200) throw new Error(`${status}: ${body}`);
  return JSON.parse(body);
}
