/** A cluster on which cases are played, and how its time passes. */
export interface Ground {
  /** So many times longer may everything take than it should: real machines are busy. */
  readonly slack: number;
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
   * Lets time pass while a command runs.
   * @returns whether it ended within its time
   */
  accompany(ended: Promise<unknown>, patience: Patience): Promise<boolean>;
}

/** How long a command may take. */
export interface Patience {
  /** Milliseconds of the cluster's time. */
  readonly time: number;
  /** Milliseconds of the wall after that: its own clock is the wall's. */
  readonly more: number;
}
