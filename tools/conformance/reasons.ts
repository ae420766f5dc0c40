/** Why tests do not pass that the embedded cluster is not made for, by their names. The first that fits counts. */
export const reasons: readonly {
  readonly tests: RegExp;
  readonly class: string;
  readonly reason: string;
}[] = [
  {
    tests: /invalid match conditions/,
    class: 'admission policies',
    reason: 'conditions of webhooks are expressions, which are stored and not run',
  },
  {
    tests: /CustomResourceConversionWebhook|CustomResourceFieldSelectors/,
    class: 'servers in the cluster',
    reason: 'the API server does not ask webhooks to convert between versions',
  },
  {
    tests: /deny attaching pod/,
    class: 'servers in the cluster',
    reason: 'webhooks are not asked about exec, attach and port-forward',
  },
  {
    tests: /Aggregator/,
    class: 'servers in the cluster',
    reason: 'the image of the sample API server is none that can be pulled',
  },
  {
    tests: /AdmissionPolicy/,
    class: 'admission policies',
    reason: 'expressions of admission policies are stored and not run',
  },
];
