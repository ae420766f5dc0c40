import type { AnyObject } from '../../model/objects.ts';

/** The objects of one resource in one namespace, in the order of their names' bytes. */
export class Collection {
  readonly #objects = new Map<string, AnyObject>();
  #names: string[] = [];
  #list: readonly AnyObject[] | undefined;

  get size(): number {
    return this.#objects.size;
  }

  get(name: string): AnyObject | undefined {
    return this.#objects.get(name);
  }

  /** The list is never changed afterwards: callers may keep it. */
  list(): readonly AnyObject[] {
    this.#list ??= this.#names.map((name) => this.#objects.get(name) as AnyObject);
    return this.#list;
  }

  set(name: string, object: AnyObject): void {
    if (!this.#objects.has(name)) this.#names.splice(this.#position(name), 0, name);
    this.#objects.set(name, object);
    this.#list = undefined;
  }

  delete(name: string): void {
    if (!this.#objects.delete(name)) return;
    this.#names.splice(this.#position(name), 1);
    this.#list = undefined;
  }

  /** Where `name` is, or would be. */
  #position(name: string): number {
    let low = 0;
    let high = this.#names.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#names[middle] as string) < name) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
