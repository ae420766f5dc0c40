import { describe, expect, test } from '@jest/globals';
import { BreakfixError } from '../../../src/core/errors.ts';
import { receivedError, sentError } from '../../../src/core/sent-error.ts';

/** As it comes out of another process. */
const sent = (error: unknown): Error =>
  receivedError(JSON.parse(JSON.stringify(sentError(error))) as ReturnType<typeof sentError>);

describe('an error that is sent', () => {
  test('is what users are told, with its fix and its kind', () => {
    const options = {
      code: 'X',
      kind: 'lab',
      message: 'it is gone',
      fix: 'reset it',
      docs: 'a page',
    } as const;
    const error = sent(new BreakfixError(options));
    expect(error).toBeInstanceOf(BreakfixError);
    expect(error).toMatchObject(options);
  });

  test('keeps its name, its message and where it was thrown', () => {
    const thrown = new RangeError('too far');
    const { name, message, stack } = sent(thrown);
    expect({ name, message, stack }).toEqual({ name: 'RangeError', message: 'too far', stack: thrown.stack });
  });

  test('is one also where something else was thrown', () => expect(sent('no').message).toBe('no'));
});
