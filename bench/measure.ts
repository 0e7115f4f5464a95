import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

/** What a process took and said. */
export interface Measured {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Wall time, from before its start to its end. */
  readonly seconds: number;
  /** User and system time, and peak of resident memory; 0 for one that was killed. */
  readonly cpuSeconds: number;
  readonly peakMegabytes: number;
}

export interface Running {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Ends it by SIGKILL after so many milliseconds. */
  readonly killAfter?: number;
}

/** Node itself tells what it has used, over a pipe of its own: no tool of the system is needed. */
const usage = `data:text/javascript,import{writeSync}from'node:fs';process.on('exit',()=>{const r=process.resourceUsage();writeSync(3,JSON.stringify([(r.userCPUTime+r.systemCPUTime)/1e6,r.maxRSS/1024]))})`;

/** Runs node with the arguments as a process of its own, with nothing of this one's environment but PATH and what is given. */
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

/** The middle one by time. */
export function median(runs: readonly Measured[]): Measured {
  const sorted = [...runs].sort((a, b) => a.seconds - b.seconds);
  const middle = sorted[sorted.length >> 1];
  if (middle === undefined) throw new Error('nothing was measured');
  return middle;
}
