import { describe, expect, test } from '@jest/globals';
import { oomScoreAdjust } from '../../../../src/cluster/kubelet/container-config.ts';
import type { Pod } from '../../../../src/model/objects.ts';

const pod = (qosClass: string, priority = 0): Pod => ({ spec: { priority }, status: { qosClass } }) as never;
const asking = (memory: string): Parameters<typeof oomScoreAdjust>[1] => ({
  resources: { requests: { memory } },
});

describe('whom the kernel ends first', () => {
  test.each([
    [pod('BestEffort'), asking('0'), 1000],
    [pod('Guaranteed'), asking('1Gi'), -997],
    [pod('BestEffort', 2_000_001_000), asking('0'), -997],
    [pod('Burstable'), asking('0'), 999],
    [pod('Burstable'), asking('2Gi'), 750],
    [pod('Burstable'), asking('8Gi'), 3],
  ])('case %#', (whose, container, score) => {
    expect(oomScoreAdjust(whose, container, '8Gi')).toBe(score);
  });
});
