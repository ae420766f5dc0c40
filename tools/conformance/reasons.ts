/** Why tests do not pass that the embedded cluster is not made for, by their names. The first that fits counts. */
export const reasons: readonly {
  readonly tests: RegExp;
  readonly class: string;
  readonly reason: string;
}[] = [
  {
    tests: /Webhook|conversion webhook/i,
    class: 'servers in the cluster',
    reason: 'the API server does not call webhooks, which pods of the test would serve over TLS',
  },
  {
    tests: /Aggregator/,
    class: 'servers in the cluster',
    reason: 'the API server hands no group on to another API server',
  },
  {
    tests: /AdmissionPolicy/,
    class: 'admission policies',
    reason: 'expressions of admission policies are stored and not run',
  },
];
