import type { ClusterRef } from '../provider.ts';

/** How a lab, or a cluster of its own, is called in errors, and what mends it. */
export interface Words {
  /** `lab inc-2041` */
  readonly subject: string;
  readonly reset: string;
  readonly stop: string;
  /** What to do where its port is taken. */
  readonly otherPort: string;
  /** What becomes of what is left of it. */
  readonly remains: string;
}

export function wordsFor(ref: ClusterRef): Words {
  const { lab, alone } = ref;
  if (alone !== true) {
    return {
      subject: `lab ${lab}`,
      reset: `breakfix reset ${lab} starts the same incident again`,
      stop: `breakfix stop ${lab} removes the lab`,
      otherPort: `breakfix reset ${lab} for the same lab on another port`,
      remains: `breakfix stop ${lab} removes what is left`,
    };
  }
  const stop = `breakfix cluster stop --name ${lab}`;
  return {
    subject: `cluster ${lab}`,
    reset: `breakfix cluster reset --name ${lab} starts the same cluster anew`,
    stop: `${stop} removes it`,
    otherPort: `${stop}, and start it with another --port`,
    remains: `${stop} removes what is left`,
  };
}
