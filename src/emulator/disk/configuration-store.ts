import { existsSync, readFileSync } from 'node:fs';
import type { Configuration } from '../configurations/configuration.ts';
import { emulatorFault } from '../faults.ts';
import { isJsonObject } from '../wire/json.ts';
import { replaceFile } from './atomic-file.ts';

/** The automatic deployments on disk. */
export interface ConfigurationStore {
  readonly stored: readonly Configuration[];
  keep(configurations: readonly Configuration[]): void;
}

/**
 * Opens the file, which is created with the first configuration. Its mode is 0600, since a deployment may hold logins of
 * registries. Throws `Fault` if the file holds something else.
 */
export function openConfigurationStore(path: string): ConfigurationStore {
  return {
    stored: existsSync(path) ? read(path) : [],
    keep: (configurations) => replaceFile(path, [JSON.stringify({ configurations })], 0o600),
  };
}

function read(path: string): readonly Configuration[] {
  const stored = parsed(readFileSync(path, 'utf8'));
  const configurations = isJsonObject(stored) ? stored.configurations : undefined;
  if (Array.isArray(configurations) && configurations.every(isConfiguration)) return configurations;
  throw emulatorFault('not-its-configurations', { path });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Checks what the hub relies on. That is enough for what a hub has written. */
function isConfiguration(value: unknown): value is Configuration {
  return (
    isJsonObject(value) &&
    ['id', 'targetCondition', 'lastUpdatedTimeUtc'].every((name) => typeof value[name] === 'string') &&
    typeof value.generationId === 'string' &&
    /^\d{1,20}$/.test(value.generationId) &&
    ['version', 'priority'].every((name) => Number.isSafeInteger(value[name])) &&
    isJsonObject(value.queries) &&
    isJsonObject(value.content) &&
    typeof value.content.kind === 'string' &&
    isJsonObject(value.content.value)
  );
}
