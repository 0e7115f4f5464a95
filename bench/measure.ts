import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

/** The cost and the output of a process. */
export interface Measured {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Wall time, from just before the start to the end. */
  readonly seconds: number;
  /** User and system time. This and the peak of resident memory are 0 for a process that was killed. */
  readonly cpuSeconds: number;
  readonly peakMegabytes: number;
}

export interface Running {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds after which the process is killed by SIGKILL. */
  readonly killAfter?: number;
}

/** A module that is preloaded into a process: Node itself reports its usage through a pipe, so no tool of the system is needed. */
export const usage = `data:text/javascript,import{writeSync}from'node:fs';process.on('exit',()=>{const r=process.resourceUsage();writeSync(3,JSON.stringify([(r.userCPUTime+r.systemCPUTime)/1e6,r.maxRSS/1024]))})`;

/**
 * Runs node with the arguments in a process of its own. From this process's environment it gets only PATH, plus what is
 * given.
 */
export async function measure(args: readonly string[], { cwd, env = {}, killAfter }: Running): Promise<Measured> {
  const begun = performance.now();
  const child = spawn(process.execPath, ['--import', usage, ...args], {
    cwd,
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const timer = killAfter === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfter);
  const ended = new Promise<readonly [number | null, NodeJS.Signals | null]>((done, failed) => {
    child.once('error', failed).once('exit', (code, signal) => {
      clearTimeout(timer);
      done([code, signal]);
    });
  });
  const pipe = child.stdio[3];
  const used = pipe instanceof Readable ? text(pipe) : '[]';
  const [stdout, stderr] = [child.stdio[1], child.stdio[2]].map((stream) => (stream === null ? '' : text(stream)));
  const [code, signal] = await ended;
  const seconds = (performance.now() - begun) / 1000;
  const [cpuSeconds = 0, peakMegabytes = 0]: readonly number[] = JSON.parse((await used) || '[]');
  return {
    code,
    signal,
    stdout: (await stdout) ?? '',
    stderr: (await stderr) ?? '',
    seconds,
    cpuSeconds,
    peakMegabytes,
  };
}

/** The run with the median time. */
export function median(runs: readonly Measured[]): Measured {
  const sorted = [...runs].sort((a, b) => a.seconds - b.seconds);
  const middle = sorted[sorted.length >> 1];
  if (middle === undefined) throw new Error('nothing was measured');
  return middle;
}
