/** In UTF-16 code units. A manifest has at most 20 MB, and a run may read many of them. */
const room = 64 * 1024 * 1024;

/** The texts of manifests and of files of `config.base`, as they were read, so that a finding can show its line. */
export class Texts {
  readonly #texts = new Map<string, string>();
  #length = 0;

  /** Keeps a text as long as there is room. Without it, its findings show no line. Lines are counted from its start. */
  add(file: string, text: string): void {
    this.#length += text.length;
    if (this.#length <= room) this.#texts.set(file, text);
  }

  get(file: string): string | undefined {
    return this.#texts.get(file);
  }
}
