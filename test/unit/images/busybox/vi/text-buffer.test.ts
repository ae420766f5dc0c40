import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { TextBuffer } from '../../../../../src/images/busybox/vi/text-buffer.ts';

const change = fc.record({
  kind: fc.constantFrom('insert', 'remove', 'replace', 'type'),
  from: fc.nat(40),
  length: fc.nat(10),
  text: fc.stringMatching(/^[ab\n]{0,6}$/),
});

test('all that was changed can be taken back, one step after the other', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[xy\n]{0,30}$/), fc.array(change, { maxLength: 20 }), (text, changes) => {
      const buffer = new TextBuffer();
      buffer.load(text);
      const before = buffer.text;
      for (const { kind, from, length, text: added } of changes) {
        const last = buffer.text.length - 1;
        const at = Math.min(from, last);
        const to = Math.min(at + length, last);
        if (kind === 'insert') buffer.insert(at, added);
        else if (kind === 'remove') buffer.remove(at, to);
        else if (kind === 'replace') buffer.replace(at, to, added);
        else if (added !== '') buffer.type(at, added);
      }
      let steps = 0;
      while (buffer.undo() !== undefined) steps++;
      expect(buffer.text).toBe(before);
      expect(buffer.isModified).toBe(false);
      expect(steps).toBeLessThanOrEqual(changes.length);
    }),
  );
});

test('a text always has a line', () => {
  const buffer = new TextBuffer();
  buffer.load('one\ntwo');
  expect(buffer.text).toBe('one\ntwo\n');
  expect(buffer.remove(0, 8)).toBe('one\ntwo');
  expect(buffer.text).toBe('\n');
  buffer.undo();
  expect(buffer.text).toBe('one\ntwo\n');
});

test('what is typed in one go is one step; a place follows its text', () => {
  const buffer = new TextBuffer();
  buffer.load('one\n');
  buffer.setMark('a', 1);
  for (const [index, letter] of ['x', 'y', 'z'].entries()) buffer.type(index, letter);
  expect(buffer.isModified).toBe(false);
  expect(buffer.mark('a')).toBe(4);
  expect(buffer.undo()?.words).toBe('Undo [1] deleted 3 chars at position 0');
  expect(buffer.undo()).toBeUndefined();
});
