#!/usr/bin/env node
import module from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

// `… | head` closes the pipe early. That is not an error and needs no stack trace.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

if (keepsCompiledCode()) module.enableCompileCache?.(compiledCode());

void runProgram();

/** The program is imported after the cache is enabled, so that its compiled code is kept. */
async function runProgram(): Promise<void> {
  if (process.env.GITHUB_ACTIONS !== undefined) (await import('./terminal/workflow-commands.ts')).printNoCommands();
  const { runCommandLine } = await import('./terminal/program.ts');
  const code = await runCommandLine(process.argv.slice(2));
  const { endSoon } = await import('./run/signals.ts');
  endSoon(code);
}

/**
 * Node keeps the compiled code of programs in a folder if they ask for it (https://nodejs.org/api/module.html#moduleenablecompilecachecachedir),
 * and then starts them in less time. The demo leaves nothing behind, and a job on a runner starts once.
 */
function keepsCompiledCode(): boolean {
  return process.argv[2] !== 'demo' && process.env.GITHUB_ACTIONS === undefined;
}

/** A folder of the user alone: Node's default lies in the folder for temporary files, where other users can write. */
function compiledCode(): string {
  const caches =
    process.platform === 'win32' ? process.env.LOCALAPPDATA : process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(caches || homedir(), 'provision-iot-edge', 'compiled');
}
