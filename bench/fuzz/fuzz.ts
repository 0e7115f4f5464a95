import { fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificates } from './certificates.ts';
import { instrumented } from './instrument.ts';
import { seeds } from './seeds.ts';
import { shares, type TargetName } from './targets.ts';
import type { Answer, Order } from './worker.ts';

/** What fuzzing one target came to. */
export interface Fuzzed {
  readonly target: TargetName;
  readonly executions: number;
  /** Inputs that reached something new. */
  readonly inputs: number;
  readonly seed: number;
  /** The first input that is no longer handled, and what happened. */
  readonly fault?: { readonly text: string; readonly input: Buffer };
}

export interface FuzzOptions {
  readonly targets: readonly TargetName[];
  /** For each target. */
  readonly seconds: number;
  /** For all targets together: each has its share, unless its seconds are over before. */
  readonly executions: number;
  readonly seed: number;
  /** How many targets are fuzzed at a time. */
  readonly lanes: number;
}

const isTarget = (name: string): name is TargetName => Object.hasOwn(seeds, name);
export const targetNames: readonly TargetName[] = Object.keys(seeds).filter(isTarget);

/** Fuzzes the targets. A finding is kept in coverage/fuzz/ as TARGET.input, beside what happened. */
export async function fuzz({ targets, lanes, executions, seconds, seed }: FuzzOptions): Promise<readonly Fuzzed[]> {
  const folder = mkdtempSync(join(tmpdir(), 'provision-fuzz-'));
  try {
    const worker = join(folder, 'worker.mjs');
    await instrumented('bench/fuzz/worker.ts', worker);
    const certificates = await makeCertificates();
    const all = targets.reduce((sum, target) => sum + shares[target], 0);
    const left = [...targets];
    const results: Fuzzed[] = [];
    const lane = async () => {
      for (let target = left.shift(); target !== undefined; target = left.shift()) {
        const result = await fuzzOne(worker, {
          target,
          executions: Math.ceil((executions * shares[target]) / all),
          seconds,
          seed,
          noted: join(folder, target),
          certificates,
        });
        console.error(lineOf(result));
        if (result.fault !== undefined) keep(result, result.fault);
        results.push(result);
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    return results;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A worker says each second how far it is. One that says nothing for this long hangs. It is long, since other processes may take the CPU. */
const silence = 30_000;

function fuzzOne(worker: string, order: Order): Promise<Fuzzed> {
  return new Promise((resolve) => {
    const child = fork(worker, { execArgv: ['--max-old-space-size=1024', '--expose-gc'], serialization: 'advanced' });
    let last = { executions: 0, inputs: 0 };
    const { target, seed } = order;
    const noted = () => {
      const bytes = readFileSync(order.noted);
      return bytes.subarray(4, 4 + bytes.readUInt32LE(0));
    };
    const end = (fault?: Fuzzed['fault']) => {
      clearTimeout(timer);
      child.removeAllListeners();
      child.kill('SIGKILL');
      resolve({ target, seed, ...last, ...(fault === undefined ? {} : { fault }) });
    };
    const hang = () => end({ text: `nothing for ${silence / 1000} s`, input: noted() });
    let timer = setTimeout(hang, 2 * silence);
    child.on('message', (answer: Answer) => {
      clearTimeout(timer);
      timer = setTimeout(hang, silence);
      if ('fault' in answer) return end({ text: answer.fault, input: answer.input });
      last = answer;
      if (answer.done) end();
    });
    child.on('exit', (code, signal) => end({ text: `the process ended with ${code ?? signal}`, input: noted() }));
    child.send(order);
  });
}

function lineOf({ target, executions, inputs, seed, fault }: Fuzzed): string {
  const found = fault === undefined ? 'nothing found' : `FOUND: ${fault.text.split('\n')[0]}`;
  return `${target}: ${executions} executions, ${inputs} inputs reach something new, seed ${seed}: ${found}`;
}

function keep({ target }: Fuzzed, { text, input }: NonNullable<Fuzzed['fault']>): void {
  mkdirSync('coverage/fuzz', { recursive: true });
  writeFileSync(`coverage/fuzz/${target}.input`, input);
  writeFileSync(`coverage/fuzz/${target}.txt`, `${text}\n`);
}
