/** An image reference as containerd completes it. */
export interface ImageReference {
  /** Host with port: `docker.io`, `registry.shop.test:5000`. */
  readonly domain: string;
  /** `library/busybox` */
  readonly repository: string;
  readonly tag: string | undefined;
  /** `sha256:…` */
  readonly digest: string | undefined;
}

/** What the kubelet shows after `Failed to apply default image tag "X": `. */
export class InvalidReferenceError extends Error {
  /** `invalid reference format` and what else there may be wrong. */
  readonly problem: string;

  constructor(text: string, problem: string) {
    super(`couldn't parse image name ${JSON.stringify(text)}: ${problem}`);
    this.name = 'InvalidReferenceError';
    this.problem = problem;
  }
}

const LABEL = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const DOMAIN = `(?:${LABEL}(?:\\.${LABEL})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const PATH = `${COMPONENT}(?:/${COMPONENT})*`;
const TAG = '[\\w][\\w.-]{0,127}';
const DIGEST = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';
const REFERENCE = new RegExp(`^(${DOMAIN})/(${PATH})(?::(${TAG}))?(?:@(${DIGEST}))?$`);

/** Hexadecimal digits of the digests that there are. */
const DIGEST_LENGTHS: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 };
const LONGEST_NAME = 255;

/**
 * Reads an image reference as a pod has it, with docker.io and library/ where they are left out.
 * https://pkg.go.dev/github.com/distribution/reference
 * @throws InvalidReferenceError in the kubelet's words
 */
export function parseReference(text: string): ImageReference {
  if (/^[a-f0-9]{64}$/.test(text)) {
    throw new InvalidReferenceError(
      text,
      `invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`,
    );
  }
  const { domain, rest } = splitDomain(text);
  const remote = rest.split(':', 1)[0] ?? '';
  if (remote !== remote.toLowerCase()) {
    throw new InvalidReferenceError(
      text,
      `invalid reference format: repository name (${remote}) must be lowercase`,
    );
  }
  const match = REFERENCE.exec(`${domain}/${rest}`);
  if (match === null) throw new InvalidReferenceError(text, 'invalid reference format');
  const [, , repository = '', tag, digest] = match;
  if (domain.length + 1 + repository.length > LONGEST_NAME) {
    throw new InvalidReferenceError(text, `repository name must not be more than ${LONGEST_NAME} characters`);
  }
  if (digest !== undefined) checkDigest(text, digest);
  return { domain, repository, tag, digest };
}

/** What containerd calls the image: by digest where there is one, otherwise by tag, `latest` by default. */
export function canonicalName({ domain, repository, tag, digest }: ImageReference): string {
  return `${domain}/${repository}${digest === undefined ? `:${tag ?? 'latest'}` : `@${digest}`}`;
}

/** Reads an image name for the kubelet: its full form, or what is wrong with it. */
export function readReference(name: string): { readonly full: string } | { readonly error: string } {
  try {
    return { full: canonicalName(parseReference(name)) };
  } catch (error) {
    if (error instanceof InvalidReferenceError) return { error: error.problem };
    throw error;
  }
}

/** A first part is a host when it looks like one: a dot, a port, `localhost`, or capitals. */
function splitDomain(text: string): { readonly domain: string; readonly rest: string } {
  const slash = text.indexOf('/');
  const first = text.slice(0, Math.max(slash, 0));
  const isHost = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
  const domain = slash >= 0 && isHost ? first : 'docker.io';
  const rest = slash >= 0 && isHost ? text.slice(slash + 1) : text;
  if (domain !== 'docker.io' && domain !== 'index.docker.io') return { domain, rest };
  return { domain: 'docker.io', rest: rest.includes('/') ? rest : `library/${rest}` };
}

function checkDigest(text: string, digest: string): void {
  const [algorithm = '', hex = ''] = digest.split(':');
  const length = DIGEST_LENGTHS[algorithm];
  if (length === undefined) throw new InvalidReferenceError(text, 'unsupported digest algorithm');
  if (hex.length !== length) throw new InvalidReferenceError(text, 'invalid checksum digest length');
  if (hex !== hex.toLowerCase()) throw new InvalidReferenceError(text, 'invalid checksum digest format');
}
