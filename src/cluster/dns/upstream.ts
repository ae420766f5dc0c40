import type { DnsMessage, DnsRecord } from '../network/dns-message.ts';
import type { Program } from '../runtime/types.ts';
import { inZone, normalName, replyTo } from './messages.ts';

/** How a lab's own name server behaves at the moment; scenarios change it while it runs. */
export interface UpstreamBehaviour {
  /** Milliseconds before each answer. */
  delayMs: number;
  /** Nothing is answered at all. */
  outage: boolean;
}

export interface UpstreamZone {
  /** Zone or zones that it knows, e.g. `test`; names outside get REFUSED. */
  readonly zones: readonly string[];
  /** Names without the final dot. */
  readonly records: readonly DnsRecord[];
}

/** What a server of a few zones answers: authoritative, with CNAMEs followed inside its zones. */
export function answerFromZone({ zones, records }: UpstreamZone, query: DnsMessage): DnsMessage {
  const name = normalName(query.question.name);
  const zone = zones.map(normalName).find((one) => inZone(name, one));
  if (zone === undefined) return replyTo(query, { code: 'REFUSED' });
  const soa: DnsRecord = {
    name: zone,
    type: 'SOA',
    ttl: 60,
    data: `ns.${zone}. hostmaster.${zone}. 1 7200 1800 86400 60`,
  };
  const answers: DnsRecord[] = [];
  let current = name;
  for (let hops = 0; hops < 8; hops++) {
    const here = records.filter((record) => normalName(record.name) === current);
    answers.push(...here.filter(({ type }) => type === query.question.type));
    const alias = here.find(({ type }) => type === 'CNAME');
    if (alias === undefined || query.question.type === 'CNAME') break;
    answers.push(alias);
    current = normalName(alias.data);
  }
  if (answers.length > 0) return replyTo(query, { answers, authoritative: true });
  const exists = records.some((record) => inZone(normalName(record.name), name));
  return replyTo(query, { code: exists ? 'NOERROR' : 'NXDOMAIN', authority: [soa], authoritative: true });
}

/** The lab's own upstream DNS as a program for a pod: answers its zones on port 53, late or not at all if told so. */
export function upstreamDnsProgram(zone: UpstreamZone, behaviour: UpstreamBehaviour): Program {
  return (context) => {
    const exit = context.deferred<number>();
    const listening = context.net.listenDns(53, (query, _from, respond) => {
      if (behaviour.outage) return;
      const answer = answerFromZone(zone, query);
      if (behaviour.delayMs <= 0) respond(answer);
      else void context.clock.sleep(behaviour.delayMs).then(() => respond(answer));
    });
    context.onSignal('SIGTERM', () => {
      listening.close();
      exit.resolve(0);
    });
    context.stdout.write(`serving ${zone.zones.join(', ')} on port 53\n`);
    return exit.promise;
  };
}
