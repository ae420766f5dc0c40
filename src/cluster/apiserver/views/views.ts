import { memoized } from '../../../core/memo.ts';
import type { AnyObject } from '../../../model/objects.ts';
import type { View } from '../resource-registry.ts';
import { eventFromStored, eventToStored } from './events.ts';
import { autoscalerFromStored, autoscalerToStored } from './autoscalers.ts';

/** Resources that are another look at what is stored as something else, by `group/version/plural`. */
export const views: ReadonlyMap<string, View> = new Map([
  ['events.k8s.io/v1/events', view('events', eventToStored, eventFromStored)],
  [
    'autoscaling/v1/horizontalpodautoscalers',
    view('horizontalpodautoscalers.autoscaling', autoscalerToStored, autoscalerFromStored),
  ],
]);

/** Each version of an object is converted once, so that its text is made once, too. */
function view(
  storage: string,
  toStored: (object: AnyObject) => AnyObject,
  fromStored: (object: AnyObject) => AnyObject,
): View {
  return { storage, toStored, fromStored: memoized(fromStored) };
}
