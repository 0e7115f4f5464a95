import type { MultiBar, SingleBar } from 'cli-progress';
import type { HubHost } from '../model/fleet.ts';
import type { Progress, Writing } from '../model/progress.ts';
import { paceText } from '../report/writing.ts';

/**
 * Shows one line that is overwritten, and a bar for each hub while devices are written. If the stream is not a terminal,
 * only warnings are shown, and what the run waits for.
 * @param open gives the stream. Opening it costs 3 ms, so a run without phases does not call it
 */
export function terminalProgress(
  open: () => NodeJS.WriteStream,
  now: () => number = Date.now,
): Progress & { clear(): void } {
  let line = false;
  let bars: Bars | undefined;
  const over = (text: string) => {
    const stream = open();
    stream.cursorTo(0);
    stream.clearLine(0);
    stream.write(text.slice(0, Math.max(0, stream.columns - 1)));
  };
  const clear = () => {
    if (line) over('');
    line = false;
    bars?.stop();
    bars = undefined;
  };
  const show = (text: string) => {
    clear();
    over(`${text} …`);
    line = true;
  };
  return {
    phase(name) {
      if (open().isTTY) show(name);
    },
    waiting(text) {
      if (open().isTTY) show(text);
      else open().write(`${text}\n`);
    },
    warning(text) {
      clear();
      open().write(`warning: ${text}\n`);
    },
    written(writing) {
      if (!open().isTTY) return;
      if (line) clear();
      bars ??= new Bars(open());
      bars.show(writing, now());
    },
    clear,
  };
}

/** One bar below the other, one for each hub. The library is loaded when there is something to show. */
class Bars {
  readonly #byHub = new Map<HubHost, SingleBar>();
  #all: MultiBar | undefined;
  #shown: (() => void)[] = [];
  #stopped = false;

  constructor(stream: NodeJS.WriteStream) {
    void import('cli-progress').then(({ default: { MultiBar } }) => {
      if (this.#stopped) return;
      const format = '{hub} {bar} {value}/{total}{bad}, {pace}';
      this.#all = new MultiBar({ stream, format, barsize: 20, clearOnComplete: true, gracefulExit: false });
      for (const show of this.#shown) show();
      this.#shown = [];
    });
  }

  show(writing: Writing, now: number): void {
    const all = this.#all;
    if (all === undefined) {
      this.#shown.push(() => this.show(writing, now));
      return;
    }
    const { hub, done, failed, total } = writing;
    const payload = { hub, bad: failed === 0 ? '' : `, ${failed} failed`, pace: paceText(writing, now) };
    const bar = this.#byHub.get(hub);
    if (bar === undefined) this.#byHub.set(hub, all.create(total, done, payload));
    else bar.update(done, payload);
  }

  stop(): void {
    this.#stopped = true;
    this.#all?.stop();
  }
}
