import { parseGoDuration } from '../../../src/core/go-duration.ts';
import { texts } from '../inputs.ts';
import { mustHold, reader } from '../reader.ts';

export const durations = reader<string>({
  name: 'durations',
  reads: "Go's durations (`1h30m`)",
  inputs: texts({
    corpus: ['0', '5s', '1h30m', '500ms', '-1.5h', '+3us', '1µs', '.5s', '1.s', '100ns'],
    words: ['h', 'm', 's', 'ms', 'us', 'µs', 'ns', '.', '-', '+', '0', '9', '999999999999999999999'],
  }),
  tested: 250,
  open: () => (text) => {
    let value;
    try {
      value = parseGoDuration(text);
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('time: ')) return;
      throw error;
    }
    mustHold(Number.isFinite(value), 'a duration is a number');
  },
});
