import type { DnsAnswer, DnsQuestion } from '../host.ts';
import { json, type Role, type Service } from '../service.ts';
import type { DnsSettings } from '../settings.ts';

/** A name server for one zone, as a third party has one: it can be slow, and counts what it is asked. */
export const nameserver: Role = {
  routes: {
    '/asked': async ({ query }, service) => {
      const name = query.get('name') ?? '';
      const asked = service.metrics.value('dns_questions_total', { name, type: query.get('type') ?? 'A' });
      return Promise.resolve(json(200, { asked }));
    },
  },
  background: async (service) => {
    const { dns } = service.settings;
    await service.host.listenDns(dns.port, (question) => serve(question, service));
    service.log('info', 'answering', { zone: dns.zone, port: dns.port });
  },
};

async function serve(
  question: DnsQuestion,
  { host, metrics, settings: { dns } }: Service,
): Promise<DnsAnswer> {
  const { name, type } = question;
  const answer = answerOf(question, dns);
  // What is none of this server's business is counted, but not by name: anybody may ask for anything.
  metrics.count('dns_questions_total', { name: answer.code === 'REFUSED' ? '' : name, type });
  const delayMs = Math.round(dns.delayMs + dns.jitterMs * host.random());
  if (delayMs > 0) await host.sleep(delayMs);
  return answer;
}

/** What the zone says: an address of the name itself, otherwise that of the wildcard. */
function answerOf({ name, type }: DnsQuestion, { zone, records, ttl }: DnsSettings): DnsAnswer {
  const answer = (code: DnsAnswer['code'], addresses: readonly string[] = []): DnsAnswer => ({
    code,
    addresses,
    ttl,
    zone,
  });
  if (name === zone) return answer('NOERROR');
  if (!name.endsWith(`.${zone}`)) return answer('REFUSED');
  const address = records.get(name) ?? records.get(`*.${zone}`);
  if (address === undefined) return answer('NXDOMAIN');
  return answer('NOERROR', type === 'A' ? [address] : []);
}
