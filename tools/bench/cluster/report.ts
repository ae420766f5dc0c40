import { loadavg } from 'node:os';
import { kindProvider } from '../../../src/providers/kind/provider.ts';
import { withKindCluster } from '../../../test/helpers/kind-cluster.ts';
import { Bench, machine, median, type Row, table, timed } from '../measure.ts';
import { type ApiFigures, measureApi } from './load.ts';
import type { Latency } from './requests.ts';
import { measureStress } from './stress.ts';

/** Hours that an empty cluster is moved on by. */
const AHEAD = 24;

/** Measures the embedded cluster on its own, and beside the API server of a real one. @returns Markdown */
export async function clusterBench(
  runs: number,
  withKind: boolean,
  say: (what: string) => void,
): Promise<string> {
  const loadBefore = loadavg();
  say(`start of a cluster, ${runs} times`);
  const { rows, base } = startRows(runs);
  say('a day of an empty cluster');
  rows.push(advanceRow());
  say('requests to the embedded cluster');
  const [embedded, stress] = await ofEmbedded();
  const kind = withKind ? await kindProvider().availability() : undefined;
  say('requests to kind');
  const real = kind?.available === true ? await ofKind() : undefined;
  return [
    `Measured ${new Date().toISOString().slice(0, 10)} on ${machine(loadBefore)}`,
    table(rows, base),
    '### Requests',
    requestTable(embedded, real),
    ...(real === undefined ? ['Provider kind was not measured.'] : []),
    'While a pod’s shell does its worst, a GET of a namespace (goal: p99 ≤ 50 ms) takes:',
    stressTable(stress),
  ].join('\n\n');
}

function startRows(runs: number): { rows: Row[]; base: number } {
  const nothing: number[] = [];
  const start: number[] = [];
  const memory: number[] = [];
  for (let turn = 0; turn < runs; turn++) {
    using bench = new Bench();
    nothing.push(timed(['-e', '0']));
    start.push(bench.breakfix('cluster', 'start'));
    memory.push(...bench.residentMegabytes('clusters'));
  }
  const rows: Row[] = [
    { what: '`node -e 0`', unit: 's', values: nothing },
    { what: '`cluster start`, until it is ready', unit: 's', values: start, goal: '≤ 0.5 s' },
    { what: "the cluster's resident memory then", unit: 'MB', values: memory, goal: '≤ 120 MB' },
  ];
  return { rows, base: median(nothing) };
}

function advanceRow(): Row {
  using bench = new Bench();
  bench.breakfix('cluster', 'start', '--headroom', `${AHEAD + 1}h`);
  const values = [bench.breakfix('cluster', 'advance', `${AHEAD}h`)];
  return {
    what: `\`cluster advance ${AHEAD}h\` of an empty cluster`,
    unit: 's',
    values,
    goal: '≤ 173 s (500 ×)',
  };
}

async function ofEmbedded(): Promise<[ApiFigures, ReadonlyMap<string, Latency>]> {
  using bench = new Bench();
  bench.breakfix('cluster', 'start', '--name', 'requests');
  bench.breakfix('cluster', 'start', '--name', 'stress');
  return [await measureApi(bench.kubeconfig('requests')), await measureStress(bench.kubeconfig('stress'))];
}

function ofKind(): Promise<ApiFigures> {
  const { signal } = new AbortController();
  return withKindCluster(`bench-${process.pid}`, 1, signal, ({ kubeconfig }) => measureApi(kubeconfig));
}

function requestTable(embedded: ApiFigures, real: ApiFigures | undefined): string {
  const ms = (value: number | undefined): string => (value === undefined ? '' : `${value.toFixed(1)} ms`);
  const row = (what: string, own: number, other: number | undefined, write = ms): string =>
    `| ${what} | ${write(own)} | ${write(other)} | ${other === undefined ? '' : `${(own / other).toFixed(2)} ×`} |`;
  const latency = (what: string, own: Latency, other: Latency | undefined): string[] => [
    row(`${what}, p50`, own.p50, other?.p50),
    row(`${what}, p99`, own.p99, other?.p99),
  ];
  const number = (value: number | undefined): string => (value === undefined ? '' : value.toFixed(0));
  return [
    '| what | embedded | kind | embedded : kind |',
    '| --- | --- | --- | --- |',
    ...latency('LIST of 1,000 pods', embedded.list, real?.list),
    row('the same, four at a time, a second', embedded.list.perSecond, real?.list.perSecond, number),
    row('its bytes', embedded.list.bytes, real?.list.bytes, number),
    ...embedded.writes.flatMap(({ pods, answered, told }, index) => {
      const other = real?.writes[index];
      return [
        ...latency(`PATCH of one of ${pods} pods, answered`, answered, other?.answered),
        ...latency(`the same, told by ten watches`, told, other?.told),
      ];
    }),
  ].join('\n');
}

function stressTable(stress: ReadonlyMap<string, Latency>): string {
  return [
    '| the shell | p50 | p99 |',
    '| --- | --- | --- |',
    ...[...stress].map(([deed, { p50, p99 }]) => `| ${deed} | ${p50.toFixed(1)} ms | ${p99.toFixed(1)} ms |`),
  ].join('\n');
}
