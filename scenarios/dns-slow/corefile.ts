import type { CountedPartner, Partner } from 'breakfix';

export const namespace = 'shop';
export const system = 'kube-system';
export const clients = ['gateway', 'checkout', 'payments', 'refunds', 'notifier', 'fx'];

/** The bank that fx has its rates from. Its name server has always been slow, and stays so. */
export const partnerOf = ({ partner, delayMs }: { partner: Partner; delayMs: number }): CountedPartner => ({
  ...partner,
  others: '198.51.100.9',
  delayMs,
  jitterMs: 250,
});

/** The partner's server block, with what is written between `errors` and `forward`. */
const stub = ({ zone, server }: CountedPartner, cache: string): string =>
  `${zone}:53 {\n    errors\n${cache}    forward . ${server}\n}\n`;

const HEALTHY = '    cache 30\n';

/** What became of that line. */
const BROKEN = {
  gone: '',
  disabled: '    cache 30 {\n       disable success\n    }\n',
  zone: '    cache 30 cluster.local\n',
} as const;

export type Form = keyof typeof BROKEN;

/** The Corefile whose cache does not keep the partner's answers. */
export const broken = (corefile: string, partner: CountedPartner, form: Form): string =>
  corefile.replace(stub(partner, HEALTHY), stub(partner, BROKEN[form]));

/** The Corefile with other lines in the place of the broken ones. */
export const mended = (
  corefile: string,
  partner: CountedPartner,
  form: Form,
  lines: readonly string[],
): string =>
  corefile.replace(stub(partner, BROKEN[form]), stub(partner, lines.map((line) => `    ${line}\n`).join('')));

/** The partner's zone in the cluster's own server block, which has a cache. */
export const inMainBlock = (corefile: string, partner: CountedPartner, form: Form): string =>
  corefile
    .replace(stub(partner, BROKEN[form]), '')
    .replace(/^ *forward \. /m, (line) => `    forward ${partner.zone} ${partner.server}\n${line}`);

/** The cluster's own names, kept for a day. */
export const clusterForADay = (corefile: string): string =>
  corefile.replace(
    / {4}cache 30 \{\n( {7}disable .*\n)+ {4}\}\n/,
    '    cache {\n       success 9984 86400 86400\n    }\n',
  );
