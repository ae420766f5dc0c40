/**
 * Replaces `$(NAME)` in commands, arguments and variables; `$$(NAME)` stays as `$(NAME)`, and a name that is
 * not known stays as it is.
 * https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
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
      result += lookup(name) ?? `$(${name})`;
      index = end;
    } else {
      result += `$${next}`;
      index++;
    }
  }
  return result;
}
