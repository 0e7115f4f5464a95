// Loaded into a process of its own (`node --import`): long waits take a hundredth of their time, so that a test sees in
// seconds what a run does in minutes. Short ones stay, such as the second that a process has to end by itself.
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers';
import promises from 'node:timers/promises';

const faster = (milliseconds) => (milliseconds >= 5_000 ? milliseconds / 100 : milliseconds);

const { setTimeout: usual } = globalThis;
const quick = Object.assign((work, milliseconds, ...rest) => usual(work, faster(milliseconds), ...rest), usual);
globalThis.setTimeout = quick;
timers.setTimeout = quick;

const { setTimeout: delay } = promises;
promises.setTimeout = (milliseconds, ...rest) => delay(faster(milliseconds), ...rest);
syncBuiltinESMExports();
