/** Changes that wait until they are evaluated. */
export interface Due<Change> {
  /** Replaces a change of the same name that still waits; the time of the first one counts. */
  add(name: string, change: Change): void;
  size(): number;
  /** Gives the changes that are due, oldest first, and forgets them. */
  take(): ReadonlyMap<string, Change>;
}

/** Each change is due `lagMs` after it was made. `clock` is in milliseconds. */
export function dueAfter<Change>(lagMs: number, clock: () => number): Due<Change> {
  const waiting = new Map<string, { readonly due: number; readonly change: Change }>();
  return {
    add(name, change) {
      const due = waiting.get(name)?.due ?? clock() + lagMs;
      waiting.set(name, { due, change });
    },
    size: () => waiting.size,
    take() {
      const now = clock();
      const taken = new Map<string, Change>();
      for (const [name, { due, change }] of waiting) {
        if (due > now) break;
        taken.set(name, change);
      }
      for (const name of taken.keys()) waiting.delete(name);
      return taken;
    },
  };
}
