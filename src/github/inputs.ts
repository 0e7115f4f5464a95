import { getInput } from '@actions/core';
import type { Settings } from '../run/settings.ts';

/** The inputs of action.yml. A test compares this list with that file. */
export const inputNames = [
  'command',
  'manifest',
  'deployments',
  'deployments-applied',
  'runtime',
  'hub',
  'only-hub',
  'connection-string',
  'client-id',
  'tenant-id',
  'ca-file',
  'output-directory',
  'artifacts',
  'retention-days',
  'fail-on',
  'expiry-warning-days',
  'rules',
  'max-changes',
  'allow-lockout',
  'adopt',
  'prune',
  'plan-file',
  'hub-capacity',
  'import-container',
  'time-limit',
  'comment',
  'github-token',
  'issue',
] as const;

export function readInputs(): Settings {
  return Object.fromEntries(inputNames.map((name) => [name, getInput(name)]));
}
