import { ExpectedError } from '../../../core/errors.ts';

/** Why an autoscaler comes to no number of replicas, in the words that events and conditions carry. */
export class ScalingError extends ExpectedError {
  constructor(message: string) {
    super(message);
    this.name = 'ScalingError';
  }
}
