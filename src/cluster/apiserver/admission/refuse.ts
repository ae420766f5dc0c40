import type { StatusError } from '../../api.ts';
import type { AdmissionAttributes } from '../pipeline.ts';
import { forbidden } from '../status.ts';

/**
 * The 403 of a plugin. An object whose name is still to be generated goes by the prefix of its name, as the
 * Events of controllers show: `pods "web-6799fc88d8-" is forbidden: …`.
 */
export function refusal(attributes: AdmissionAttributes, cause: string): StatusError {
  const metadata = (attributes.object ?? attributes.old)?.metadata;
  const name = attributes.name === '' ? (metadata?.generateName ?? 'Unknown') : attributes.name;
  return forbidden(attributes.resource, name, cause);
}

/** Several causes as one text, each once: `[a, b]`. */
export function joined(causes: readonly string[]): string {
  const texts = [...new Set(causes)];
  return texts.length === 1 ? texts.join('') : `[${texts.join(', ')}]`;
}
