import { describe, expect, jest, test } from '@jest/globals';
import { isAlive } from '../../../src/core/is-alive.ts';

describe('isAlive', () => {
  test('knows a process that is there from one that is not', () => {
    expect(isAlive(process.pid)).toBe(true);
    expect(isAlive(4_194_305)).toBe(false);
  });

  test.each([0, -1, 1.5, NaN])('%p is no process', (pid) => expect(isAlive(pid)).toBe(false));

  test('another user’s process is alive', () => {
    const kill = jest.spyOn(process, 'kill').mockImplementationOnce(() => {
      throw Object.assign(new Error('not permitted'), { code: 'EPERM' });
    });
    expect(isAlive(1)).toBe(true);
    kill.mockRestore();
  });
});
