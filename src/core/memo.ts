/**
 * A function that works out its answer for an object once and keeps it as long as the object. Only for objects that never
 * change.
 */
export function memoized<K extends object, V extends object>(make: (of: K) => V): (of: K) => V {
  const answers = new WeakMap<K, V>();
  return (of) => {
    let answer = answers.get(of);
    if (answer === undefined) {
      answer = make(of);
      answers.set(of, answer);
    }
    return answer;
  };
}
