import type { MultiBar, SingleBar } from 'cli-progress';
import type { HubHost } from '../model/fleet.ts';
import type { Progress, Writing } from '../model/progress.ts';
import { visible } from '../report/visible.ts';
import { countedText, paceText, writingLine } from '../report/writing.ts';

export interface ProgressOptions {
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** TERM. A terminal that is `dumb` cannot move its cursor. */
  readonly term?: string | undefined;
}

/**
 * Shows what the run does, on a terminal: one line that is overwritten, with the seconds that it takes, and a bar for each hub while
 * devices are written. A dumb terminal gets whole lines. A stream that is no terminal gets warnings only, and what the run waits for.
 * @param open gives the stream. Opening it costs 3 ms, so a run without phases does not call it
 */
export function terminalProgress(
  open: () => NodeJS.WriteStream,
  { now = Date.now, term = process.env.TERM }: ProgressOptions = {},
): Progress & { clear(): void } {
  const surface = () => (!open().isTTY ? 'none' : term === 'dumb' ? 'lines' : 'line');
  const pace = { line: pacer(now), lines: pacer(now) };
  const line = new Line(open, now);
  let bars: Bars | undefined;
  const clear = () => {
    line.clear();
    bars?.stop();
    bars = undefined;
  };
  const write = (text: string) => void open().write(`${visible(text)}\n`);
  return {
    phase(name) {
      const on = surface();
      if (on === 'none') return;
      clear();
      if (on === 'line') line.show(name);
      else write(name);
    },
    waiting(text) {
      clear();
      if (surface() === 'line') line.show(text);
      else write(text);
    },
    warning(text) {
      clear();
      write(`warning: ${text}`);
    },
    counted(what, done, total) {
      if (!pace.line.may(soon, often)) return;
      const on = surface();
      if (on === 'line') line.set(countedText(what, done, total));
      else if (on === 'lines' && pace.lines.may(rarely, rarely)) write(countedText(what, done, total));
    },
    written(writing) {
      const on = surface();
      if (on === 'lines' && pace.lines.may(rarely, rarely)) write(writingLine(writing, now()));
      if (on !== 'line') return;
      line.clear();
      bars ??= new Bars(open());
      bars.show(writing, now());
    },
    clear,
  };
}

/** Milliseconds. What takes less than the first shows nothing; between two lines pass at least the others. */
const soon = 1_000;
const often = 200;
const rarely = 10_000;

/** Tells whether enough time has passed since the beginning, and since it last said yes. */
function pacer(now: () => number) {
  const began = now();
  let last = Number.NEGATIVE_INFINITY;
  return {
    may(first: number, between: number): boolean {
      const time = now();
      if (time - began < first || time - last < between) return false;
      last = time;
      return true;
    },
  };
}

/** One line of a terminal, overwritten. Each second it says how long its text has been there, so that a silent hub is not a dead program. */
class Line {
  readonly #open: () => NodeJS.WriteStream;
  readonly #now: () => number;
  #shown = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(open: () => NodeJS.WriteStream, now: () => number) {
    this.#open = open;
    this.#now = now;
  }

  /** Shows what is going on, with its seconds. */
  show(text: string): void {
    this.clear();
    this.set(`${text} …`);
    const since = this.#now();
    const tick = () => this.#over(`${text} … ${Math.round((this.#now() - since) / 1000)} s`);
    this.#timer = setInterval(tick, 1_000).unref();
  }

  set(text: string): void {
    clearInterval(this.#timer);
    this.#over(text);
    this.#shown = true;
  }

  clear(): void {
    clearInterval(this.#timer);
    if (this.#shown) this.#over('');
    this.#shown = false;
  }

  #over(text: string): void {
    const stream = this.#open();
    stream.cursorTo(0);
    stream.clearLine(0);
    stream.write(visible(text).slice(0, Math.max(0, stream.columns - 1)));
  }
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
