import { busyboxImage } from '../../../src/images/busybox/image.ts';
import type { ContainerConfig, RuntimeContainer } from '../../../src/cluster/runtime/container-types.ts';
import { Lab } from '../cluster/runtime/lab.ts';

export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | undefined;
}

/** A container of the busybox image that does nothing but wait, for running commands in it. */
export class BusyboxLab extends Lab {
  readonly container: RuntimeContainer;

  constructor(config: Partial<ContainerConfig> = {}) {
    super();
    this.container = this.start({ image: busyboxImage(), args: ['sleep', '1000000'], ...config }).container;
  }

  /** Runs `sh -c script` to its end. */
  sh(script: string, options: { stdin?: string; seconds?: number; args?: string[] } = {}): Promise<Outcome> {
    const { args = [], ...rest } = options;
    return this.exec(this.container, ['sh', '-c', script, ...args], { seconds: 60, ...rest });
  }
}
