/** Union-find over the numbers 0, 1, 2, … in the order they are added. */
export class DisjointSets {
  readonly #parents: number[] = [];

  add(): number {
    this.#parents.push(this.#parents.length);
    return this.#parents.length - 1;
  }

  /** The least number of the set, so that the answer does not depend on the order of joins. */
  find(element: number): number {
    let root = element;
    for (let parent = this.#parents[root]; parent !== undefined && parent !== root; parent = this.#parents[root]) root = parent;
    let current = element;
    while (current !== root) {
      const next = this.#parents[current] ?? root;
      this.#parents[current] = root;
      current = next;
    }
    return root;
  }

  join(a: number, b: number): void {
    const [first, second] = [this.find(a), this.find(b)];
    this.#parents[Math.max(first, second)] = Math.min(first, second);
  }
}
