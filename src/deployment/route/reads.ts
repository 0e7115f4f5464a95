import { readRoute } from './read.ts';
import type { Route, RouteRefusal } from './route.ts';

/** Reads each route of a deployment once: its form is judged, and then what it says. */
export class RouteReads {
  readonly #read = new Map<string, Route | RouteRefusal>();

  of(text: string): Route | RouteRefusal {
    const known = this.#read.get(text);
    if (known !== undefined) return known;
    const read = readRoute(text);
    this.#read.set(text, read);
    return read;
  }
}
