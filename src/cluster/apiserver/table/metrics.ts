import type { KubeObject, NodeMetrics, PodMetrics, ResourceList } from '../../../model/objects.ts';
import { addQuantities } from '../../../model/quantity.ts';
import { columns } from './columns.ts';
import type { Cell, Column, Printer } from './columns.ts';

interface Measured extends KubeObject {
  readonly window: string;
}

/** metrics-server's own tables: amounts as they are, and over which time. */
function metricsPrinter<T extends Measured>(usageOf: (object: T) => ResourceList): Printer<T> {
  const [name, ...others] = columns('Name, cpu, memory, Window');
  const [cpu, memory, window] = others as [Column, Column, Column];
  return {
    columns: [
      { ...(name as Column), description: 'Name of the resource' },
      { ...cpu, format: 'quantity' },
      { ...memory, format: 'quantity' },
      { ...window, format: 'duration' },
    ],
    row: (object) => {
      const usage = usageOf(object);
      const amount = (resource: string): Cell => String(usage[resource] ?? '0');
      return { cells: [object.metadata.name, amount('cpu'), amount('memory'), object.window] };
    },
  };
}

export const podMetricsPrinter = metricsPrinter<PodMetrics>(({ containers }) => {
  const sum = (resource: string): string =>
    addQuantities(...containers.map(({ usage }) => usage[resource] ?? '0'));
  return { cpu: sum('cpu'), memory: sum('memory') };
});

export const nodeMetricsPrinter = metricsPrinter<NodeMetrics>(({ usage }) => usage);
