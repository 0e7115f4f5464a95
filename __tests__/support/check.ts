import { join } from 'node:path';
import { expect } from 'vitest';
import { type Checked, check } from '../../src/check.ts';
import { StopSwitch } from '../../src/model/stop.ts';
import type { Workspace } from '../../src/model/workspace.ts';
import type { Request, World } from '../../src/run/request.ts';
import { openWorkspace } from '../../src/run/workspace.ts';

/** All checks that need no hub, over manifests in a folder. */
export function checkFolder(
  folder: string,
  manifests: readonly string[],
  command: Request['command'] = 'render',
): Promise<Checked> {
  return check(requestWithoutHub(folder, manifests, command), worldWithoutHub(openWorkspace(folder)));
}

/** A run of a command that asks no hub, with the defaults of the settings. */
export function requestWithoutHub(folder: string, manifests: readonly string[], command: Request['command']): Request {
  return {
    command,
    manifests,
    hubs: [],
    outputDirectory: join(folder, 'bundles'),
    failOn: 'error',
    expiryWarningDays: 30,
    plan: { adopt: false, allowLockout: false, maxChanges: { kind: 'number', number: 10, text: '10' } },
    findings: [],
  };
}

/** A world with a workspace and a clock that stands on 2026-12-01. To ask for a hub or for the history fails the test. */
export function worldWithoutHub(workspace: Workspace, more: Partial<World> = {}): World {
  return {
    workspace,
    openRegistry: () => expect.fail('no hub is asked'),
    now: () => new Date('2026-12-01'),
    sleep: async () => {},
    random: () => 0.5,
    stop: new StopSwitch(),
    progress: { phase: () => {}, warning: () => {}, written: () => {}, waiting: () => {} },
    checkPublishing: () => {},
    openHistory: () => expect.fail('nothing is to be removed'),
    ...more,
  };
}
