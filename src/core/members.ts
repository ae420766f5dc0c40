/** A place among {@link Members}. */
interface Place<T> {
  value: T | undefined;
  before: Place<T> | undefined;
  after: Place<T> | undefined;
}

/** What {@link Members.add} gives and {@link Members.delete} takes. */
export type Member = object;

/**
 * What comes and goes all the time, in the order in which it came: connections, calls that wait.
 *
 * A `Set` would do, but for V8's collector: a table of a Set that has become too small keeps what was in it and leads to the
 * next one. Once one of them has grown old (that takes two collections of what is young), all that followed it, and
 * whatever was in them, looks used until the next full collection: a quarter of the time that a shop's quiet day
 * took went into moving such things. What is taken out of here leads nowhere any more.
 */
export class Members<T> implements Iterable<T> {
  #first: Place<T> | undefined;
  #last: Place<T> | undefined;

  /** @returns what to take it out with */
  add(value: T): Member {
    const place: Place<T> = { value, before: this.#last, after: undefined };
    if (this.#last === undefined) this.#first = place;
    else this.#last.after = place;
    this.#last = place;
    return place;
  }

  /** Takes out what {@link add} of these has put in; once more does nothing. */
  delete(member: Member): void {
    const place = member as Place<T>;
    if (place.value === undefined) return;
    if (place.before === undefined) this.#first = place.after;
    else place.before.after = place.after;
    if (place.after === undefined) this.#last = place.before;
    else place.after.before = place.before;
    place.value = place.before = place.after = undefined;
  }

  /** Those of now, but for whoever goes while they are gone through. */
  *[Symbol.iterator](): Iterator<T> {
    const places: Place<T>[] = [];
    for (let place = this.#first; place !== undefined; place = place.after) places.push(place);
    for (const { value } of places) if (value !== undefined) yield value;
  }
}
