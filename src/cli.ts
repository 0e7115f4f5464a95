#!/usr/bin/env node
import { compiledCode, useCompiledCode } from './terminal/compiled-code.ts';

const args = process.argv.slice(2);
const kept = compiledCode(import.meta.dirname, args, process.env);
if (kept !== undefined) useCompiledCode(kept);

void runProgram();

/** Imports the program here and not above, so that it is loaded from compiled code. */
async function runProgram(): Promise<void> {
  const inWorkflow = process.env.GITHUB_ACTIONS !== undefined;
  if (inWorkflow) (await import('./terminal/workflow-commands.ts')).printNoCommands();
  const { openOutput, runCommandLine } = await import('./terminal/program.ts');
  const code = await runCommandLine(args, openOutput(inWorkflow));
  const { endSoon } = await import('./run/signals.ts');
  endSoon(code);
}
