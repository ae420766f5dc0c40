/** Why tests do not pass that the embedded cluster is not made for, by their names. The first that fits counts. */
export const reasons: readonly {
  readonly tests: RegExp;
  readonly class: string;
  readonly reason: string;
}[] = [
  {
    tests: /Aggregator/,
    class: 'servers in the cluster',
    reason: 'the image of the sample API server is none that can be pulled',
  },
];
