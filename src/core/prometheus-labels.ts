/**
 * Labels as the text format of Prometheus writes them, by name; nothing where there are none.
 * @param last what follows them as it is: `le="0.5"`
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function prometheusLabels(labels: Readonly<Record<string, string>>, last?: string): string {
  const parts = Object.keys(labels)
    .sort()
    .map((label) => `${label}=${JSON.stringify(labels[label])}`);
  if (last !== undefined) parts.push(last);
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}
