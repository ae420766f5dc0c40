import { expect, test } from '@jest/globals';
import { idleness } from '../../../src/core/idleness.ts';

test('is a share, of what has passed since it was asked last', () => {
  const idle = idleness();
  for (const share of [idle(), idle()]) {
    expect(share).toBeGreaterThanOrEqual(0);
    expect(share).toBeLessThanOrEqual(1);
  }
});
