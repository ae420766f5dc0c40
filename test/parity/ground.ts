/** A cluster on which cases are played, and how its time passes. */
export interface Ground {
  /** YAML. */
  readonly kubeconfig: string;
  /** Milliseconds of the cluster's clock. */
  now(): number;
  /** Lets so many milliseconds pass. */
  pass(time: number): Promise<void>;
  /**
   * Lets time pass until there may be something new to see.
   * @param waited how many milliseconds of the cluster's time it has been waited for already
   */
  next(waited: number): Promise<void>;
  /**
   * Lets time pass while a command runs, `limit` milliseconds at most.
   * @returns whether it ended within these
   */
  accompany(ended: Promise<unknown>, limit: number): Promise<boolean>;
}
