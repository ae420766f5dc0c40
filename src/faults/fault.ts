import type { LabView } from '../checks/check.ts';

/** What breaks the cluster: named, reusable, able to undo itself from the state that it captured. */
export interface Fault {
  readonly name: string;
  /** For the debrief, e.g. `readinessProbe of deployment/checkout moved to port 8105`. */
  readonly describe: string;
  /** Breaks the cluster and returns how to undo it (game days revert one fault of several). */
  inject(lab: LabView): Promise<Revert>;
}

/** Puts back what a fault has changed. @throws KubeError where that is gone */
export type Revert = (lab: LabView) => Promise<void>;
