import type { Command } from '../model/report.ts';
import type { HubCredential } from './credential.ts';

/**
 * What a call needs. The names are those of the rights of a shared access policy, which needs Service Connect to write
 * twins.
 */
export type Right = 'Registry Read' | 'Registry Write' | 'Service Connect' | 'Twin Write' | 'Import Jobs';

/**
 * For each need, the role with the fewest rights that allows it. A bulk needs devices/write and devices/delete, a query
 * twins/read.
 * https://learn.microsoft.com/azure/iot-hub/authenticate-authorize-azure-ad#built-in-roles
 */
export const roles: Readonly<Record<Right, string>> = {
  'Registry Read': 'IoT Hub Data Reader',
  'Registry Write': 'IoT Hub Registry Contributor',
  'Service Connect': 'IoT Hub Data Reader',
  'Twin Write': 'IoT Hub Twin Contributor',
  'Import Jobs': 'IoT Hub Data Contributor',
};

/**
 * What a command needs of the credential: rights of a shared access policy, or roles. `roleForTags` is needed only to
 * write tags and marks of owners.
 */
export type Needs =
  | { readonly command: Command; readonly rights: readonly Right[] }
  | {
      readonly command: Command;
      readonly roles: readonly string[];
      readonly roleForTags?: string;
      readonly imports?: true;
    };

/** `imports`: devices are written by import jobs. */
export function needsOf(command: Command, { kind }: HubCredential, imports: boolean): Needs {
  const writes = command === 'apply';
  if (kind === 'sas') {
    return { command, rights: ['Registry Read', ...(writes ? (['Registry Write'] as const) : []), 'Service Connect'] };
  }
  if (!writes) return { command, roles: [roles['Registry Read']] };
  if (imports) return { command, roles: [roles['Import Jobs']], imports };
  return { command, roles: [roles['Registry Read'], roles['Registry Write']], roleForTags: roles['Twin Write'] };
}

/**
 * Describes the needs in a sentence. People read it before the first call, since only a call shows whether the
 * credential has them.
 */
export function describedNeeds(command: Command, credential: HubCredential, imports: boolean): string {
  const needs = needsOf(command, credential, imports);
  if ('rights' in needs) {
    return `${command} needs the rights ${needs.rights.slice(0, -1).join(', ')} and ${needs.rights.at(-1)}`;
  }
  const by = needs.imports ? ' by import jobs' : '';
  const noun = needs.roles.length === 1 ? 'role' : 'roles';
  const tags = needs.roleForTags === undefined ? '' : `, for tags, adopt and prune ${needs.roleForTags} as well`;
  return `${command}${by} needs the ${noun} ${needs.roles.join(' and ')}${tags}`;
}
