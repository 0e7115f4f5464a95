import { type Lenient, readLenient } from './json/lenient.ts';
import type { MapValue, Source } from './json/value.ts';
import { readRoute } from './route/read.ts';
import type { Route, RouteRefusal } from './route/route.ts';

/** Reads each text inside of a deployment once: its form is judged, for each version, and then what it says. */
export class TextReads {
  readonly #routes = new Map<string, Route | RouteRefusal>();
  readonly #options = new Map<MapValue, Lenient>();

  route(text: string): Route | RouteRefusal {
    const known = this.#routes.get(text);
    if (known !== undefined) return known;
    const read = readRoute(text);
    this.#routes.set(text, read);
    return read;
  }

  /** `createOptions` of these settings. `text`: its pieces, joined and with quotes around placeholders. */
  createOptions(settings: MapValue, text: string, source: Source): Lenient {
    const known = this.#options.get(settings);
    if (known !== undefined) return known;
    const read = readLenient(text, source);
    this.#options.set(settings, read);
    return read;
  }
}
