import { textOf } from '../host.ts';
import { json, type Role, type Service } from '../service.ts';

/** The book of all payments: one JSON line an entry, in a file on its volume. */
export const ledger: Role = {
  ready: (service) => {
    try {
      service.host.files.checkWritable(service.settings.dataFolder);
      return undefined;
    } catch (error) {
      return `volume ${service.settings.dataFolder}: ${textOf(error)}`;
    }
  },
  routes: {
    '/append': async (request, service) => {
      if (request.headers['authorization'] !== `Bearer ${service.settings.ledgerPassword}`) {
        return Promise.resolve(json(401, { error: 'wrong ledger password' }));
      }
      const entry = JSON.parse(request.body) as { kind: string; amount: number };
      const id = countEntries(service) + 1;
      const line = { id, time: new Date(service.host.now()).toISOString(), ...entry };
      service.host.files.append(fileOf(service), `${JSON.stringify(line)}\n`);
      counts.set(service, id);
      return Promise.resolve(json(200, { id }));
    },
    '/count': async (_request, service) => Promise.resolve(json(200, { count: countEntries(service) })),
    '/entries': async (request, service) => {
      const last = Number(request.query.get('last') ?? '20');
      return Promise.resolve(
        json(
          200,
          entries(service)
            .slice(-last)
            .map((line) => JSON.parse(line) as unknown),
        ),
      );
    },
  },
};

const counts = new WeakMap<Service, number>();

/** Counted from the file once a process, then kept. */
function countEntries(service: Service): number {
  const known = counts.get(service);
  const count = known ?? entries(service).length;
  counts.set(service, count);
  return count;
}

function entries(service: Service): string[] {
  const file = fileOf(service);
  if (!service.host.files.exists(file)) return [];
  return service.host.files
    .readText(file)
    .split('\n')
    .filter((line) => line !== '');
}

function fileOf(service: Service): string {
  return `${service.settings.dataFolder}/ledger.jsonl`;
}
