#!/usr/bin/env node
import { runCommandLine } from './terminal/program.ts';

process.exitCode = await runCommandLine(process.argv.slice(2));
