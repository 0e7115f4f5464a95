import type { Bundle } from '../../model/bundle.ts';
import { scrubbed } from '../../model/secrets.ts';
import type { Clean } from './clean.ts';
import type { ConfigurationView } from './view.ts';

/** In lines. A base file may have any number of them. */
const mostLines = 400;

/**
 * The configurations of devices. Those of one fleet have most of their lines in common, so each line is kept once. What has no room is
 * counted.
 */
export class Configurations {
  readonly #clean: Clean;
  /** The lines as they are shown, by those of the files. */
  readonly #cleaned = new Map<string, string>();
  readonly #indexes = new Map<string, number>();
  /** In characters. */
  #room: number;
  #left = 0;

  constructor(clean: Clean, most: number) {
    this.#clean = clean;
    this.#room = most;
  }

  get lines(): readonly string[] {
    return [...this.#indexes.keys()];
  }

  /** How many configurations had no room. */
  get left(): number {
    return this.#left;
  }

  /** Returns the configuration of a bundle. Undefined if it has none, or if there is no room for it. */
  of(bundle: Bundle | undefined): ConfigurationView | undefined {
    const file = bundle?.files.find(({ name }) => /^config\.(yaml|toml)$/.test(name));
    if (file === undefined) return undefined;
    // A secret may have several lines, so the whole text is masked first.
    const lines = scrubbed(file.text).trimEnd().split('\n');
    const shown = lines.length <= mostLines ? lines : [...lines.slice(0, mostLines), '…'];
    const known = shown.map((line) => this.#cleaned.get(line) ?? this.#clean(line));
    const isNew = (line: string) => !this.#indexes.has(line);
    const needed = known.reduce((sum, line) => sum + 5 + (isNew(line) ? JSON.stringify(line).length : 0), 0);
    if (needed > this.#room) {
      this.#left += 1;
      return undefined;
    }
    this.#room -= needed;
    for (const [index, line] of known.entries()) this.#cleaned.set(shown[index] ?? '', line);
    return { file: file.name, lines: known.map((line) => this.#indexOf(line)) };
  }

  #indexOf(line: string): number {
    const index = this.#indexes.get(line) ?? this.#indexes.size;
    this.#indexes.set(line, index);
    return index;
  }
}
