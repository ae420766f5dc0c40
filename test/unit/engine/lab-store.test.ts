import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type LabRecord, LabStore, type StoredLab } from '../../../src/engine/lab-store.ts';
import { lockLab } from '../../../src/engine/lock.ts';

let root = '';
let store = new LabStore('');
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'breakfix-store-'));
  store = new LabStore(join(root, 'labs'));
});
afterEach(() => {
  chmodSync(root, 0o700);
  rmSync(root, { recursive: true });
});

function add(
  incident: string,
  createdAt = '2026-03-01T10:00:00Z',
  more: Pick<LabRecord, 'proof'> = {},
): string {
  const { name, folder } = store.create(incident);
  const cluster = { provider: 'embedded', lab: name, folder: folder.path };
  const record: LabRecord = {
    format: 1,
    name,
    incident,
    seed: 1,
    provider: 'embedded',
    createdAt,
    state: 'running',
    cluster,
    ...more,
  };
  folder.save(record);
  return name;
}

describe('the labs of a user', () => {
  test('are named by incident, with a number where that is taken', () => {
    expect([add('INC-1'), add('INC-1'), add('INC-2'), add('INC-1')]).toEqual([
      'inc-1',
      'inc-1-2',
      'inc-2',
      'inc-1-3',
    ]);
  });

  test('are listed oldest first', () => {
    add('INC-2', '2026-03-02T10:00:00Z');
    add('INC-1', '2026-03-01T10:00:00Z');
    expect(store.list().map(({ name }) => name)).toEqual(['inc-1', 'inc-2']);
  });

  test('the clusters of verify are nobody’s: found by name only', () => {
    add('INC-1');
    add('verify-INC-2', '2026-03-02T10:00:00Z', { proof: true });
    expect(store.list().map(({ name }) => name)).toEqual(['inc-1']);
    expect(store.find(undefined).name).toBe('inc-1');
    expect(store.all().map(({ name }) => name)).toEqual(['inc-1', 'verify-inc-2']);
    expect(store.find('verify-inc-2').record.proof).toBe(true);
    expect(store.debris()).toEqual([]);
  });

  test('a folder without a record is debris', () => {
    add('INC-1');
    mkdirSync(join(store.root, 'inc-9'));
    mkdirSync(join(store.root, 'inc-8'));
    writeFileSync(join(store.root, 'inc-8', 'lab.json'), '{"format":');
    expect(store.list()).toHaveLength(1);
    expect(store.debris().map(({ path }) => path)).toEqual([
      join(store.root, 'inc-8'),
      join(store.root, 'inc-9'),
    ]);
  });

  test('no state folder means no labs', () => {
    expect(store.list()).toEqual([]);
    expect(store.debris()).toEqual([]);
  });

  test('a state folder that cannot be written is the machine’s fault', () => {
    writeFileSync(join(root, 'labs'), 'a file');
    expect(() => store.create('INC-1')).toThrow(
      expect.objectContaining({ code: 'STATE_FOLDER_UNWRITABLE', kind: 'environment' }),
    );
  });
});

describe('finding a lab', () => {
  test('without a name there must be exactly one', () => {
    expect(() => store.find(undefined)).toThrow('no lab is running');
    add('INC-1');
    expect(store.find(undefined).name).toBe('inc-1');
    add('INC-2');
    expect(() => store.find(undefined)).toThrow('2 labs are running: inc-1, inc-2');
  });

  test('by name, in any case; the closest is suggested otherwise', () => {
    add('INC-2041');
    add('INC-2088');
    expect(store.find('INC-2041').name).toBe('inc-2041');
    expect(() => store.find('inc-2042')).toThrow('did you mean inc-2041?');
  });
});

describe('a lab’s lock', () => {
  test('is held by one, and says by whom and for what', () => {
    add('INC-1');
    const lab = store.find(undefined);
    {
      using _lock = lockLab(lab, 'graded');
      expect(() => lockLab(lab, 'reset')).toThrow(
        expect.objectContaining({
          code: 'LAB_BUSY',
          kind: 'user',
          message: `lab inc-1 is being graded already (process ${process.pid})`,
        }),
      );
    }
    using again = lockLab(lab, 'reset');
    expect(again).toBeDefined();
  });

  const leaveLock = (lab: StoredLab, holder: string): void => {
    mkdirSync(lab.folder.file('lock'));
    writeFileSync(lab.folder.file(`lock/${holder}`), 'graded');
  };

  test.each([
    ['of a process that was killed', '4194305'],
    ['with nonsense in it', 'what?'],
  ])('%s is taken over', (_name, holder) => {
    add('INC-1');
    const lab = store.find(undefined);
    leaveLock(lab, holder);
    using lock = lockLab(lab, 'graded');
    expect(lock).toBeDefined();
    expect(readdirSync(lab.folder.file('lock'))).toEqual([String(process.pid)]);
  });

  test('that nobody’s name is in is free', () => {
    add('INC-1');
    const lab = store.find(undefined);
    mkdirSync(lab.folder.file('lock'));
    using lock = lockLab(lab, 'graded');
    expect(lock).toBeDefined();
  });

  test('two who find the same holder dead do not both get it', () => {
    add('INC-1');
    const lab = store.find(undefined);
    leaveLock(lab, '4194305');
    const looks = jest.spyOn(process, 'kill').mockImplementationOnce(() => {
      // Between the look of the one and what it does about it, the other takes the lock over.
      lockLab(lab, 'reset');
      throw new Error('no such process');
    });
    expect(() => lockLab(lab, 'graded')).toThrow(
      expect.objectContaining({ code: 'LAB_BUSY', message: expect.stringContaining('being reset already') }),
    );
    looks.mockRestore();
  });

  test('leaves nothing behind when it is given back', () => {
    add('INC-1');
    const lab = store.find(undefined);
    const before = readdirSync(lab.folder.path);
    lockLab(lab, 'graded')[Symbol.dispose]();
    expect(readdirSync(lab.folder.path)).toEqual(before);
  });
});
