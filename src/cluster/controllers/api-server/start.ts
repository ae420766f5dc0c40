import type { Api } from '../../api.ts';
import type { NetworkStack } from '../../network/types.ts';
import type { Simulation } from '../../simulation/simulation.ts';
import { SharedWatches } from '../shared-watches.ts';
import { startAvailabilityController } from './availability-controller.ts';
import { startFlowSchemaController } from './flow-schema-controller.ts';
import { startIpAddressController } from './ip-address-controller.ts';

/**
 * Starts the loops that run within kube-apiserver.
 * @param options.api the API as kube-apiserver itself uses it
 * @param options.from the network of the API server's node
 */
export function startApiServerControllers(options: {
  readonly simulation: Simulation;
  readonly api: Api;
  readonly from: NetworkStack;
}): void {
  startAvailabilityController(options);
  const watches = new SharedWatches(options.api);
  startFlowSchemaController({ ...options, watches });
  startIpAddressController({ ...options, watches });
  watches.open();
}
