import { openSync, writeSync } from 'node:fs';
import { seeded } from '../soak/bar.ts';
import type { Certificates } from './certificates.ts';
import { counters, places, Reached } from './coverage.ts';
import { mutated, type Random } from './mutate.ts';
import { withOtherValues } from './mutate-tree.ts';
import { notations } from './notations.ts';
import { seeds } from './seeds.ts';
import { readersWith, type TargetName } from './targets.ts';
import { words } from './words.ts';

/** What the parent sends: which target, from which random numbers, until when, where to note each input, and certificates to begin with. */
export interface Order {
  readonly target: TargetName;
  readonly seed: number;
  readonly seconds: number;
  readonly executions: number;
  readonly noted: string;
  readonly certificates: Certificates;
}

/** What it answers: how far it is, or what it found. */
export type Answer =
  | { readonly executions: number; readonly inputs: number; readonly done: boolean }
  | { readonly fault: string; readonly input: Buffer };

const slowest = 2_000;
const largestGrowth = 512 * 1024 * 1024;
/** Longer inputs are tried, but no others are made of them: they would take all the time. */
const longestParent = 8 * 1024;

process.once('message', (order: Order) => void work(order));

async function work({ target, certificates, ...order }: Order): Promise<void> {
  const read = readersWith(certificates)[target];
  const first = seeds[target](certificates).map((seed) => Buffer.from(seed));
  const random = seeded(order.seed);
  const note = noter(order.noted);
  const counts = new Uint8Array(places);
  const reached = new Reached(Reflect.get(globalThis, counters) ?? counts);
  const corpus: Buffer[] = [];
  const ends = Date.now() + order.seconds * 1000;
  const before = process.memoryUsage.rss();
  let told = Date.now();
  for (let executions = 0; ; executions++) {
    const seed = first[executions];
    const input = seed ?? changed(target, corpus, random);
    note(input);
    reached.clear();
    const begin = process.cpuUsage();
    try {
      await read(input);
      const { user, system } = process.cpuUsage(begin);
      if ((user + system) / 1000 > slowest) throw new Error(`it took ${Math.round((user + system) / 1000)} ms of CPU`);
      judgePrototypes();
      if (executions % 256 === 0 && grown(before)) throw new Error('512 MB more are in use');
    } catch (thrown) {
      return tell({ fault: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown), input });
    }
    if ((reached.isNew() && input.length <= longestParent) || seed !== undefined) corpus.push(input);
    const done = executions + 1 >= order.executions || Date.now() > ends;
    if (done || Date.now() - told > 1_000) {
      tell({ executions: executions + 1, inputs: corpus.length, done });
      told = Date.now();
    }
    if (done) return;
  }
}

/** Of two inputs the shorter one more often: it takes less time, and each byte of it means more. */
function changed(target: TargetName, corpus: readonly Buffer[], random: Random): Buffer {
  const [one, two] = [0, 1].map(() => corpus[Math.floor(random() * corpus.length)] ?? Buffer.alloc(0));
  const parent = one === undefined || two === undefined || one.length < two.length === random() < 0.7 ? one : two;
  const notation = notations[target];
  const byValues =
    notation !== undefined && random() < 0.5
      ? withOtherValues(parent ?? Buffer.alloc(0), notation, words[target], random)
      : undefined;
  return byValues ?? mutated(parent ?? Buffer.alloc(0), corpus, words[target], random);
}

/** If this process hangs or dies, the parent finds the input in this file. */
function noter(path: string): (input: Buffer) => void {
  const file = openSync(path, 'w');
  const head = Buffer.alloc(4);
  return (input) => {
    head.writeUInt32LE(input.length);
    writeSync(file, Buffer.concat([head, input]), 0, input.length + 4, 0);
  };
}

/** Whether more is in use also after the garbage is collected. */
function grown(before: number): boolean {
  const isMore = () => process.memoryUsage.rss() - before > largestGrowth;
  if (!isMore()) return false;
  globalThis.gc?.();
  return isMore();
}

const prototypes = [Object.prototype, Array.prototype, Function.prototype, String.prototype].map((prototype) => ({
  prototype,
  names: Reflect.ownKeys(prototype).length,
}));

function judgePrototypes(): void {
  for (const { prototype, names } of prototypes)
    if (Reflect.ownKeys(prototype).length !== names) throw new Error('a prototype was polluted');
}

function tell(answer: Answer): void {
  process.send?.(answer);
}
