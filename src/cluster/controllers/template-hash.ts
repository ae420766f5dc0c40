import { canonical } from '../../core/json.ts';
import { hash32 } from '../../core/random.ts';

const SAFE_CHARACTERS = 'bcdfghjklmnpqrstvwxz2456789';

/**
 * A hash as it stands in names (`pod-template-hash`, `controller-revision-hash`): the decimal digits of a 32-bit
 * hash in Kubernetes' safe alphabet, so only `456789bcdf` occur. The value differs from a real cluster's, which
 * hashes Go's own dump of the struct.
 * @param collisions counted up by the controller when the name is taken by something else
 */
export function templateHash(template: unknown, collisions = 0): string {
  const text = canonical(template) + (collisions === 0 ? '' : `/${collisions}`);
  return String(hash32(text)).replace(/\d/g, (digit) =>
    SAFE_CHARACTERS.charAt(digit.charCodeAt(0) % SAFE_CHARACTERS.length),
  );
}
