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

// Imported here and not above, so that it is loaded from compiled code.
void import('./terminal/program.ts')
  .then(({ runCommandLine }) => runCommandLine(args))
  .then((code) => {
    process.exitCode = code;
  });
