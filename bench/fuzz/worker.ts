import { openSync, readFileSync, writeSync } from 'node:fs';
import { seeded } from '../soak/bar.ts';
import { counters, Reached } from './coverage.ts';
import { mutated } from './mutate.ts';
import { targetsWith } from './targets.ts';

/** What the parent sends: which target, from which random numbers, until when, where to note each input, and certificates to begin with. */
export interface Order {
  readonly target: string;
  readonly seed: number;
  readonly seconds: number;
  readonly executions: number;
  readonly noted: string;
  readonly der: string;
  readonly pem: string;
}

/** What it answers: how far it is, or what it found. */
export type Answer =
  | { readonly executions: number; readonly inputs: number; readonly done: boolean }
  | { readonly fault: string; readonly input: string };

const slowest = 2_000;
const largestGrowth = 512 * 1024 * 1024;

process.once('message', (order: Order) => void work(order));

async function work(order: Order): Promise<void> {
  const target = targetsWith({ der: readFileSync(order.der), pem: readFileSync(order.pem) })[order.target];
  if (target === undefined) throw new Error(`no target ${order.target}`);
  const random = seeded(order.seed);
  const noted = openSync(order.noted, 'w');
  const reached = new Reached(Reflect.get(globalThis, counters));
  const corpus: Buffer[] = [];
  const ends = Date.now() + order.seconds * 1000;
  const before = process.memoryUsage.rss();
  for (let executions = 0; ; executions++) {
    const chosen = corpus[Math.floor(random() * corpus.length)];
    const input = target.seeds[executions] ?? mutated(chosen ?? Buffer.alloc(0), corpus, target.words, random);
    // If this process hangs or dies, the parent finds the input here.
    const head = Buffer.alloc(4);
    head.writeUInt32LE(input.length);
    writeSync(noted, Buffer.concat([head, input]), 0, input.length + 4, 0);
    reached.clear();
    const begin = process.cpuUsage();
    try {
      await target.run(input);
      const { user, system } = process.cpuUsage(begin);
      if ((user + system) / 1000 > slowest) throw new Error(`it took ${Math.round((user + system) / 1000)} ms of CPU`);
      judgePrototypes();
      if (executions % 256 === 0 && process.memoryUsage.rss() - before > largestGrowth)
        throw new Error('512 MB more are in use');
    } catch (thrown) {
      tell({
        fault: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown),
        input: input.toString('base64'),
      });
      return;
    }
    if (reached.isNew() || target.seeds[executions] !== undefined) corpus.push(input);
    const done = executions + 1 >= order.executions || Date.now() > ends;
    if (done || executions % 512 === 511) tell({ executions: executions + 1, inputs: corpus.length, done });
    if (done) return;
  }
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
