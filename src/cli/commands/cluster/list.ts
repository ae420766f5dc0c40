import { messageOf } from '../../../core/errors.ts';
import { type AloneView, viewAlone } from '../../../providers/embedded/alone.ts';
import { ClusterStore } from '../../cluster/store.ts';
import { clockText, clusterDocument } from '../../cluster/texts.ts';
import type { CommandContext } from '../../context.ts';
import { counted } from '../../output.ts';
import { columns } from '../list.ts';

/** `breakfix cluster list`: the clusters, where they are, and what time it is in them. */
export async function listClusters({ output }: CommandContext): Promise<void> {
  const views: AloneView[] = [];
  const broken: { name: string; why: string }[] = [];
  for (const ref of new ClusterStore().all()) {
    try {
      views.push(await viewAlone(ref));
    } catch (error) {
      broken.push({ name: ref.lab, why: messageOf(error) });
    }
  }
  const rows = views.map((view) => [
    view.name,
    view.state,
    counted(view.nodes.length, 'node'),
    `seed ${view.seed}`,
    view.server,
    view.clock === undefined
      ? `breakfix cluster start --name ${view.name} brings it back`
      : clockText(view.clock),
  ]);
  const debris = broken.map(
    ({ name }) => `${name}: what is left of a start; breakfix cluster stop --name ${name} removes it`,
  );
  const text = [...(rows.length === 0 ? [] : [columns(rows)]), ...debris].join('\n');
  output.result(
    [...views.map(clusterDocument), ...broken.map(({ name, why }) => ({ name, state: 'broken', why }))],
    text === '' ? 'no cluster; breakfix cluster start makes one' : text,
  );
}
