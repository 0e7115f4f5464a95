#!/usr/bin/env node
import { runCommandLine } from './terminal/program.ts';

// `… | head` closes the pipe early: that is no fault of ours, and no reason for a stack trace.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

process.exitCode = await runCommandLine(process.argv.slice(2));
