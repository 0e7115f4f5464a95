import type { Problem } from '../problem.ts';
import { TextReads } from '../text-reads.ts';
import { advice } from './advice.ts';
import { judgeHubLimits } from './hub-limits.ts';
import { judgeLogins } from './logins.ts';
import { judgeNames } from './names.ts';
import { judgePorts } from './ports.ts';
import { judgeRoutes } from './routes.ts';
import type { Setup } from './setup.ts';

/** What the hub refuses, what the deployment itself contradicts, and advice. Its form is judged elsewhere. */
export function judgeContent(setup: Setup, texts = new TextReads()): readonly Problem[] {
  return [
    ...judgeHubLimits(setup),
    ...judgeNames(setup),
    ...judgeRoutes(setup, texts),
    ...judgePorts(setup),
    ...judgeLogins(setup),
    ...advice(setup),
  ];
}
