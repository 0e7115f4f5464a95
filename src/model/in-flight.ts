/** Runs `work` over all items, at most `width` at a time. Returns the results in the order of the items. Ends at the first error. */
export async function inFlight<Item, Result>(
  items: Iterable<Item>,
  width: number,
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  const queue = items[Symbol.iterator]();
  let taken = 0;
  let stopped = false;
  const lane = async () => {
    for (let next = queue.next(); !next.done && !stopped; next = queue.next()) {
      const index = taken++;
      try {
        results[index] = await work(next.value);
      } catch (error) {
        stopped = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
  return results;
}
