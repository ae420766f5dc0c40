import { RuntimeError } from '../runtime/container-types.ts';

/** Bytes of a message that containerd takes over gRPC. */
const LARGEST_MESSAGE = 16 * 1024 * 1024;

/**
 * Variables that name each other twice grow without end: what does not fit into a message never reaches containerd.
 * @throws RuntimeError in gRPC's words
 */
export function mustFitMessage(bytes: number): void {
  if (bytes <= LARGEST_MESSAGE) return;
  throw new RuntimeError(
    `rpc error: code = ResourceExhausted desc = grpc: received message larger than max (${bytes} vs. ${LARGEST_MESSAGE})`,
  );
}

/**
 * Replaces `$(NAME)` in commands, arguments and variables; `$$(NAME)` stays as `$(NAME)`, and a name that is
 * not known stays as it is.
 * https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
 * @throws RuntimeError where it becomes too long
 */
export function expand(text: string, lookup: (name: string) => string | undefined): string {
  let result = '';
  for (let index = 0; index < text.length; index++) {
    const next = text.charAt(index + 1);
    if (text.charAt(index) !== '$' || next === '') {
      result += text.charAt(index);
    } else if (next === '$') {
      result += '$';
      index++;
    } else if (next === '(') {
      const end = text.indexOf(')', index);
      if (end < 0) {
        result += '$(';
        index++;
        continue;
      }
      const name = text.slice(index + 2, end);
      const value = lookup(name) ?? `$(${name})`;
      mustFitMessage(result.length + value.length);
      result += value;
      index = end;
    } else {
      result += `$${next}`;
      index++;
    }
  }
  return result;
}
