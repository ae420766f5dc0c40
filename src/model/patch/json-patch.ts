/**
 * JSON Patch as the API server applies it, with the error texts of the Go library that it uses.
 * https://www.rfc-editor.org/rfc/rfc6902
 */
import { copy, equal, isDeeperThan, isObject, own, put } from '../../core/json.ts';
import { PatchError } from './patch-error.ts';

export interface JsonPatchOperation {
  readonly op?: string;
  readonly path?: string;
  readonly from?: string;
  readonly value?: unknown;
}

type Container = Record<string, unknown> | unknown[];

/** As much as all copies of a patch may add, in characters of JSON: each can double what the one before has made. */
const MOST_COPIED = 3 * 1024 * 1024;

/** As deep as a document may become; JSON that is read is no deeper either. */
const DEEPEST = 1000;

/** Ends of the library's messages. */
const MISSING = 'missing value';
const INVALID_INDEX = 'invalid index referenced';

/**
 * The changed document; the given one stays as it is.
 * @throws {PatchError}
 */
export function applyJsonPatch(document: unknown, operations: readonly JsonPatchOperation[]): unknown {
  let root = copy(document);
  const copied = { size: 0 };
  for (const operation of operations) root = applyOperation(root, operation, copied);
  return root;
}

/** How much the copies so far have added. */
interface Copied {
  size: number;
}

function applyOperation(root: unknown, sent: JsonPatchOperation, copied: Copied): unknown {
  // What comes from outside may be null.
  const operation = isObject(sent) ? (sent as JsonPatchOperation) : {};
  switch (operation.op) {
    case 'add':
      return add(root, operation);
    case 'remove':
      return remove(root, operation);
    case 'replace':
      return replace(root, operation);
    case 'move':
      return move(root, operation);
    case 'copy':
      return duplicate(root, operation, copied);
    case 'test':
      return test(root, operation);
    case undefined:
    default:
      throw unprocessable(`Unexpected kind: ${operation.op ?? 'unknown'}`);
  }
}

function unprocessable(message: string): PatchError {
  return new PatchError(422, message);
}

/** The container that holds the last part of a path, and that part. */
interface Place {
  readonly container: Container;
  readonly key: string;
  /** How many containers it is in. */
  readonly depth: number;
}

function findPlace(root: unknown, path: string): Place | undefined {
  const parts = path.split('/').map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const key = parts.at(-1);
  if (parts.length < 2 || key === undefined) return undefined;
  let at = root;
  for (const part of parts.slice(1, -1)) {
    if (Array.isArray(at)) at = at[indexIn(at, part) ?? -1] as unknown;
    else if (isObject(at)) at = own(at, part);
    else return undefined;
  }
  return Array.isArray(at) || isObject(at)
    ? { container: at as Container, key, depth: parts.length - 1 }
    : undefined;
}

/** An index that is there; negative ones count from the end, as the library allows. */
function indexIn(list: readonly unknown[], key: string): number | undefined {
  if (!/^[-+]?[0-9]+$/.test(key)) return undefined;
  const index = Number(key) < 0 ? Number(key) + list.length : Number(key);
  return index >= 0 && index < list.length ? index : undefined;
}

function indexProblem(key: string): string {
  if (!/^[-+]?[0-9]+$/.test(key)) return `strconv.Atoi: parsing ${JSON.stringify(key)}: invalid syntax`;
  return `Unable to access invalid index: ${Number(key)}: ${INVALID_INDEX}`;
}

function valueAt({ container, key }: Place): { readonly value: unknown } | { readonly problem: string } {
  if (!Array.isArray(container)) return { value: own(container, key) };
  const index = indexIn(container, key);
  return index === undefined ? { problem: indexProblem(key) } : { value: container[index] };
}

/** Operations that put a value into itself, or one below the other, would nest it as deeply as they like. */
function mustFit({ depth }: Place, value: unknown): void {
  if (depth > DEEPEST || isDeeperThan(DEEPEST - depth, value)) throw unprocessable('exceeded max depth');
}

/** @returns what is wrong, where it cannot be added. */
function insert(place: Place, value: unknown): string | undefined {
  mustFit(place, value);
  const { container, key } = place;
  if (!Array.isArray(container)) {
    put(container, key, value);
    return undefined;
  }
  if (key === '-') {
    container.push(value);
    return undefined;
  }
  if (!/^[-+]?[0-9]+$/.test(key)) return `value was not a proper array index: '${key}': ${indexProblem(key)}`;
  const index = Number(key) < 0 ? Number(key) + container.length + 1 : Number(key);
  if (index < 0 || index > container.length) return indexProblem(key);
  container.splice(index, 0, value);
  return undefined;
}

/** @returns what is wrong, where it cannot be removed. */
function take({ container, key }: Place): string | undefined {
  if (Array.isArray(container)) {
    const index = indexIn(container, key);
    if (index === undefined) return indexProblem(key);
    container.splice(index, 1);
    return undefined;
  }
  if (!Object.hasOwn(container, key)) return `Unable to remove nonexistent key: ${key}: ${MISSING}`;
  Reflect.deleteProperty(container, key);
  return undefined;
}

function pathOf(operation: JsonPatchOperation, reason = `operation missing path field: ${MISSING}`): string {
  if (typeof operation.path === 'string') return operation.path;
  throw unprocessable(`${operation.op ?? ''} operation failed to decode path: ${reason}`);
}

function fromOf(operation: JsonPatchOperation): string {
  if (typeof operation.from === 'string') return operation.from;
  throw unprocessable(
    `${operation.op ?? ''} operation failed to decode from: operation, missing from field: ${MISSING}`,
  );
}

function add(root: unknown, operation: JsonPatchOperation): unknown {
  const path = pathOf(operation, MISSING);
  const place = findPlace(root, path);
  if (place === undefined) {
    throw unprocessable(`add operation does not apply: doc is missing path: "${path}": ${MISSING}`);
  }
  const problem = insert(place, copy(operation.value));
  if (problem !== undefined) throw unprocessable(`error in add for path: '${path}': ${problem}`);
  return root;
}

function remove(root: unknown, operation: JsonPatchOperation): unknown {
  const path = pathOf(operation, MISSING);
  const place = findPlace(root, path);
  if (place === undefined) {
    throw unprocessable(`remove operation does not apply: doc is missing path: "${path}": ${MISSING}`);
  }
  const problem = take(place);
  if (problem !== undefined) throw unprocessable(`error in remove for path: '${path}': ${problem}`);
  return root;
}

function replace(root: unknown, operation: JsonPatchOperation): unknown {
  const path = pathOf(operation);
  if (path === '') return copy(operation.value);
  const place = findPlace(root, path);
  if (place === undefined) {
    throw unprocessable(`replace operation does not apply: doc is missing path: ${path}: ${MISSING}`);
  }
  mustFit(place, operation.value);
  const { container, key } = place;
  if (!Array.isArray(container)) {
    // The library takes a key that is not there, too.
    put(container, key, copy(operation.value));
    return root;
  }
  const index = indexIn(container, key);
  if (index === undefined) {
    throw unprocessable(`replace operation does not apply: doc is missing key: ${path}: ${MISSING}`);
  }
  container[index] = copy(operation.value);
  return root;
}

function move(root: unknown, operation: JsonPatchOperation): unknown {
  const from = fromOf(operation);
  const source = findPlace(root, from);
  if (source === undefined) {
    throw unprocessable(`move operation does not apply: doc is missing from path: ${from}: ${MISSING}`);
  }
  const found = valueAt(source);
  const problem = 'problem' in found ? found.problem : take(source);
  if (problem !== undefined) throw unprocessable(`error in move for path: '${source.key}': ${problem}`);
  const path = pathOf(operation);
  const target = findPlace(root, path);
  if (target === undefined) {
    throw unprocessable(
      `move operation does not apply: doc is missing destination path: ${path}: ${MISSING}`,
    );
  }
  const refused = insert(target, 'value' in found ? found.value : undefined);
  if (refused !== undefined) throw unprocessable(`error in move for path: '${path}': ${refused}`);
  return root;
}

function duplicate(root: unknown, operation: JsonPatchOperation, copied: Copied): unknown {
  const from = fromOf(operation);
  const source = findPlace(root, from);
  if (source === undefined) {
    throw unprocessable(`copy operation does not apply: doc is missing from path: ${from}: ${MISSING}`);
  }
  const found = valueAt(source);
  if ('problem' in found) throw unprocessable(`error in copy for from: '${from}': ${found.problem}`);
  const path = pathOf(operation, MISSING);
  const target = findPlace(root, path);
  if (target === undefined) {
    throw unprocessable(
      `copy operation does not apply: doc is missing destination path: ${path}: ${MISSING}`,
    );
  }
  copied.size += JSON.stringify(found.value ?? null).length;
  if (copied.size > MOST_COPIED) {
    throw unprocessable(
      `Unable to complete the copy, the accumulated size increase of copy is ${copied.size}, exceeding the limit ${MOST_COPIED}`,
    );
  }
  const refused = insert(target, copy(found.value));
  if (refused !== undefined) throw unprocessable(`error while adding value during copy: ${refused}`);
  return root;
}

function test(root: unknown, operation: JsonPatchOperation): unknown {
  const path = pathOf(operation);
  const place = path === '' ? undefined : findPlace(root, path);
  if (path !== '' && place === undefined) {
    throw unprocessable(`test operation does not apply: is missing path: ${path}: ${MISSING}`);
  }
  const found = place === undefined ? { value: root } : valueAt(place);
  if ('problem' in found) throw unprocessable(`error in test for path: '${path}': ${found.problem}`);
  if (!equal(found.value ?? null, operation.value ?? null)) {
    throw unprocessable(`testing value ${path} failed: test failed`);
  }
  return root;
}
