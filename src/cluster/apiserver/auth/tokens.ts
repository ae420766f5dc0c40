import { createHash, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { ed25519Key } from '../../certificates/ed25519.ts';

/** Who issues ServiceAccount tokens, and the audience of those that name none. */
export const ISSUER = 'https://kubernetes.default.svc.cluster.local';

/**
 * Kubelets ask for tokens of an hour and seven seconds. They get a year, so that programs which never read a
 * renewed token go on working, and the real age is noted in the claims.
 */
const EXTENDED_SECONDS = 3607;
const YEAR_SECONDS = 31_536_000;

/** An object that a token is bound to. */
export interface Bound {
  readonly name: string;
  readonly uid: string;
}

/** The claims of a token, as JSON Web Tokens name them. Times are seconds since 1970. */
export interface Claims {
  readonly aud: readonly string[];
  readonly exp: number;
  readonly iat: number;
  readonly iss: string;
  readonly jti: string;
  readonly 'kubernetes.io': {
    readonly namespace: string;
    readonly node?: Bound;
    readonly pod?: Bound;
    readonly secret?: Bound;
    /** Name of the Secret that keeps it. */
    readonly keptIn?: string;
    readonly serviceaccount: Bound;
    /** When the token would have expired had its life not been extended. */
    readonly warnafter?: number;
  };
  readonly nbf: number;
  readonly sub: string;
}

export interface TokenRequest {
  readonly namespace: string;
  readonly serviceAccount: string;
  /** Of the ServiceAccount. */
  readonly uid: string;
  /** Default: the API server itself. */
  readonly audiences?: readonly string[];
  readonly expirationSeconds: number;
  /** The token dies with its pod. */
  readonly pod?: Bound;
  /** The token dies with it, unless it is bound to a pod: then it only says where that runs. */
  readonly node?: Bound;
  /** The token dies with its Secret. */
  readonly secret?: Bound;
}

/** What a token that a Secret keeps is for. */
export interface SecretTokenRequest {
  readonly namespace: string;
  readonly serviceAccount: string;
  /** Of the ServiceAccount. */
  readonly uid: string;
  /** Name of the Secret. */
  readonly secret: string;
}

/** https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#bound-service-account-tokens */
export interface Tokens {
  issue(request: TokenRequest): string;
  /** A token that does not expire and lives as long as the Secret that keeps it. */
  readonly issueForSecret: (request: SecretTokenRequest) => string;
  /** The claims of a token of ours that is valid at this time; whether its objects still exist is not checked. */
  verify(token: string): Claims | undefined;
  /** The public key, for `/openid/v1/jwks`. */
  readonly jwks: { readonly keys: readonly Readonly<Record<string, string>>[] };
}

/**
 * ServiceAccount tokens that are the same in every replay: Ed25519 signatures need no randomness, and the key
 * comes from the lab's seed.
 * @param options.seed 32 bytes
 * @param options.now seconds since 1970
 */
export function createTokens(options: { readonly seed: Uint8Array; readonly now: () => number }): Tokens {
  const privateKey = ed25519Key(options.seed);
  const publicKey = createPublicKey(privateKey);
  const { x = '' } = publicKey.export({ format: 'jwk' });
  const kid = createHash('sha256').update(x).digest('base64url');
  const header = encoded({ alg: 'EdDSA', kid });
  const verified = new VerifiedTokens(header, publicKey);
  const signed = (claims: object): string => {
    const content = `${header}.${encoded(claims)}`;
    return `${content}.${sign(undefined, Buffer.from(content), privateKey).toString('base64url')}`;
  };
  return {
    issue: (request) => signed(claimsOf(request, options.now())),
    issueForSecret: (request) => signed(secretClaims(request)),
    verify(token) {
      const claims = verified.claimsOf(token);
      const now = options.now();
      return claims !== undefined && claims.nbf <= now && now < claims.exp ? claims : undefined;
    },
    jwks: { keys: [{ use: 'sig', kty: 'OKP', kid, alg: 'EdDSA', crv: 'Ed25519', x }] },
  };
}

function claimsOf(request: TokenRequest, now: number): Claims {
  const { namespace, serviceAccount, uid, pod, node, secret, expirationSeconds } = request;
  const audiences = request.audiences ?? [];
  const isExtended =
    expirationSeconds === EXTENDED_SECONDS && (audiences.length === 0 || audiences.includes(ISSUER));
  const claims = {
    aud: audiences.length === 0 ? [ISSUER] : audiences,
    exp: now + (isExtended ? YEAR_SECONDS : expirationSeconds),
    iat: now,
    iss: ISSUER,
    'kubernetes.io': {
      namespace,
      ...(node && { node }),
      ...(pod && { pod }),
      ...(secret && { secret }),
      serviceaccount: { name: serviceAccount, uid },
      ...(isExtended && { warnafter: now + expirationSeconds }),
    },
    nbf: now,
    sub: `system:serviceaccount:${namespace}:${serviceAccount}`,
  };
  const jti = idOf(JSON.stringify(claims));
  const { aud, exp, iat, iss, ...rest } = claims;
  return { aud, exp, iat, iss, jti, ...rest };
}

/** Whoever issues tokens that Secrets keep, and the beginning of the names of their claims. */
const SECRET_ISSUER = 'kubernetes/serviceaccount';
const SECRET_CLAIM = 'kubernetes.io/serviceaccount/';

type SecretClaims = Readonly<Record<string, string>>;

const secretClaims = ({ namespace, serviceAccount, uid, secret }: SecretTokenRequest): SecretClaims => ({
  iss: SECRET_ISSUER,
  [`${SECRET_CLAIM}namespace`]: namespace,
  [`${SECRET_CLAIM}secret.name`]: secret,
  [`${SECRET_CLAIM}service-account.name`]: serviceAccount,
  [`${SECRET_CLAIM}service-account.uid`]: uid,
  sub: `system:serviceaccount:${namespace}:${serviceAccount}`,
});

/** Those of a Secret say less, and in other words. */
function readClaims(claims: Claims | SecretClaims): Claims {
  if (claims.iss !== SECRET_ISSUER) return claims as Claims;
  const read = (name: string): string => (claims as SecretClaims)[`${SECRET_CLAIM}${name}`] ?? '';
  return {
    aud: [ISSUER],
    exp: Infinity,
    iat: 0,
    iss: SECRET_ISSUER,
    jti: '',
    'kubernetes.io': {
      namespace: read('namespace'),
      keptIn: read('secret.name'),
      serviceaccount: { name: read('service-account.name'), uid: read('service-account.uid') },
    },
    nbf: 0,
    sub: (claims as SecretClaims)['sub'] ?? '',
  };
}

/** A UUID that follows from the content. */
function idOf(content: string): string {
  const digits = createHash('sha256').update(content).digest('hex');
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-8${digits.slice(17, 20)}-${digits.slice(20, 32)}`;
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** Signatures are checked once a token: programs send the same one with every request. */
class VerifiedTokens {
  static readonly #LIMIT = 1000;
  readonly #header: string;
  readonly #key: KeyObject;
  readonly #claims = new Map<string, Claims>();

  constructor(header: string, key: KeyObject) {
    this.#header = header;
    this.#key = key;
  }

  claimsOf(token: string): Claims | undefined {
    const known = this.#claims.get(token);
    if (known !== undefined) return known;
    const [header, payload = '', signature = '', ...more] = token.split('.');
    if (header !== this.#header || more.length > 0) return undefined;
    const isOurs = verify(
      undefined,
      Buffer.from(`${header}.${payload}`),
      this.#key,
      Buffer.from(signature, 'base64url'),
    );
    if (!isOurs) return undefined;
    const claims = readClaims(
      JSON.parse(Buffer.from(payload, 'base64url').toString()) as Claims | SecretClaims,
    );
    if (this.#claims.size >= VerifiedTokens.#LIMIT) this.#claims.clear();
    this.#claims.set(token, claims);
    return claims;
  }
}
