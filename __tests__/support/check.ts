import { join } from 'node:path';
import { expect } from 'vitest';
import { type Checked, check } from '../../src/check.ts';
import { StopSwitch } from '../../src/model/stop.ts';
import type { Request } from '../../src/run/request.ts';
import { openWorkspace } from '../../src/run/workspace.ts';

/** All checks that need no hub, over manifests in a folder. No other part of a run is there: asking for it fails the test. */
export function checkFolder(
  folder: string,
  manifests: readonly string[],
  command: Request['command'] = 'render',
): Promise<Checked> {
  return check(
    {
      command,
      manifests,
      hubs: [],
      outputDirectory: join(folder, 'bundles'),
      failOn: 'error',
      expiryWarningDays: 30,
      plan: { adopt: false, allowLockout: false, maxChanges: { kind: 'number', number: 10, text: '10' } },
      findings: [],
    },
    {
      workspace: openWorkspace(folder),
      openRegistry: () => expect.fail('no hub is asked'),
      now: () => new Date('2026-12-01'),
      sleep: async () => {},
      random: () => 0.5,
      stop: new StopSwitch(),
      progress: { phase: () => {}, warning: () => {}, written: () => {}, waiting: () => {} },
      checkPublishing: () => {},
      openHistory: () => expect.fail('nothing is to be removed'),
    },
  );
}
