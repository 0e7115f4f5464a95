import type { Command } from '../model/report.ts';
import type { HubCredential } from './credential.ts';

/** What a call needs: rights of a shared access policy by their names, but for twins, which Service Connect reads and writes. */
export type Right = 'Registry Read' | 'Registry Write' | 'Service Connect' | 'Twin Write' | 'Import Jobs';

/**
 * The roles with the fewest rights that do. A bulk needs devices/write and devices/delete, a query twins/read.
 * https://learn.microsoft.com/azure/iot-hub/authenticate-authorize-azure-ad#built-in-roles
 */
export const roles: Readonly<Record<Right, string>> = {
  'Registry Read': 'IoT Hub Data Reader',
  'Registry Write': 'IoT Hub Registry Contributor',
  'Service Connect': 'IoT Hub Data Reader',
  'Twin Write': 'IoT Hub Twin Contributor',
  'Import Jobs': 'IoT Hub Data Contributor',
};

/** Told to people before the first call: what signs in needs it, and whether it has it only a call tells. `imports`: by import jobs. */
export function describedNeeds(command: Command, { kind }: HubCredential, imports: boolean): string {
  const writes = command === 'apply';
  if (kind === 'sas') {
    const rights = `${writes ? 'Registry Read, Registry Write' : 'Registry Read'} and Service Connect`;
    return `${command} needs the rights ${rights}`;
  }
  if (!writes) return `${command} needs the role ${roles['Registry Read']}`;
  if (imports) return `${command} by import jobs needs the role ${roles['Import Jobs']}`;
  return `${command} needs the roles ${roles['Registry Read']} and ${roles['Registry Write']}, for tags ${roles['Twin Write']} as well`;
}
