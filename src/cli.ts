#!/usr/bin/env node
import { compiledCode, useCompiledCode } from './terminal/compiled-code.ts';

// `… | head` closes the pipe early. That is not an error and needs no stack trace.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

const args = process.argv.slice(2);
const kept = compiledCode(import.meta.dirname, args, process.env);
if (kept !== undefined) useCompiledCode(kept);

void runProgram();

/** Imports the program here and not above, so that it is loaded from compiled code. */
async function runProgram(): Promise<void> {
  if (process.env.GITHUB_ACTIONS !== undefined) (await import('./terminal/workflow-commands.ts')).printNoCommands();
  const { runCommandLine } = await import('./terminal/program.ts');
  const code = await runCommandLine(args);
  const { endSoon } = await import('./run/signals.ts');
  endSoon(code);
}
