import type { HttpResponse } from '../../cluster/network/types.ts';
import type { ProgramContext } from '../../cluster/runtime/types.ts';
import type { Subcommand } from './agnhost.ts';
import { readFlags } from './flags.ts';
import { answer, log } from './go.ts';
import { forever } from './simple.ts';

/** The image's own certificate for `localhost`, unless another is mounted. */
function certificateOf({ env, files }: ProgramContext): string {
  return files.readText(env['CERT_FILE'] ?? '/localhost.crt');
}

/** Says on every port that the environment names what it names for it. */
export const porter: Subcommand = (context, args) => {
  const flags = readFlags(args, {}, ['json-response']);
  const asJson = flags.isSet('json-response');
  for (const [name, value] of Object.entries(context.env)) {
    const [, kind, digits] = /^SERVE_(?:(TCP|UDP|TLS)_)?PORT_(\d+)$/.exec(name) ?? [];
    if (digits === undefined) continue;
    const port = Number(digits);
    if (kind === 'UDP') {
      const bytes = new TextEncoder().encode(value);
      context.net.listenUdp(port, (_bytes, _from, respond) => respond(bytes));
      log(context, `Started UDP server on port ${port}`);
      continue;
    }
    context.net.listenHttp(
      port,
      ({ method }): HttpResponse =>
        asJson
          ? answer(JSON.stringify({ Method: method, Body: value }), { type: 'application/json' })
          : answer(value, /^\s*</.test(value) ? { type: 'text/html; charset=utf-8' } : {}),
      kind === 'TLS' ? { certificate: certificateOf(context) } : {},
    );
  }
  return forever(context);
};
