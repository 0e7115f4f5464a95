/** What a shared access policy may allow its bearer to do. */
export type Right = 'RegistryRead' | 'RegistryWrite' | 'ServiceConnect' | 'DeviceConnect';

export const policyNames = ['iothubowner', 'service', 'device', 'registryRead', 'registryReadWrite'] as const;
export type PolicyName = (typeof policyNames)[number];

/** The key of every policy, in base64. */
export type PolicyKeys = Readonly<Record<PolicyName, string>>;

/** The rights of the policies that every new hub has. */
export const policyRights: Readonly<Record<PolicyName, readonly Right[]>> = {
  iothubowner: ['RegistryRead', 'RegistryWrite', 'ServiceConnect', 'DeviceConnect'],
  service: ['ServiceConnect'],
  device: ['DeviceConnect'],
  registryRead: ['RegistryRead'],
  registryReadWrite: ['RegistryRead', 'RegistryWrite'],
};

export function isPolicyName(text: string): text is PolicyName {
  return policyNames.some((name) => name === text);
}

/** Data actions of Entra roles, without their prefix `Microsoft.Devices/IotHubs/`. */
export const dataActions = [
  'devices/read',
  'devices/write',
  'devices/delete',
  'twins/read',
  'twins/write',
  'directMethods/invoke/action',
  'configurations/read',
  'configurations/write',
  'configurations/delete',
  'configurations/testQueries/action',
  'configurations/applyToEdgeDevice/action',
  'jobs/read',
  'jobs/write',
  'jobs/delete',
] as const;
export type DataAction = (typeof dataActions)[number];

/**
 * The built-in roles, with the actions that this hub has.
 * https://learn.microsoft.com/azure/iot-hub/authenticate-authorize-azure-ad#manage-access-to-iot-hub-by-using-azure-rbac-role-assignment
 */
export const roleActions = {
  'IoT Hub Data Contributor': dataActions,
  'IoT Hub Data Reader': ['devices/read', 'twins/read', 'configurations/read', 'jobs/read'],
  'IoT Hub Registry Contributor': ['devices/read', 'devices/write', 'devices/delete'],
  'IoT Hub Twin Contributor': ['twins/read', 'twins/write'],
} as const satisfies Readonly<Record<string, readonly DataAction[]>>;
export type RoleName = keyof typeof roleActions;

/** What a call needs: a policy with this right, or roles with all of these actions. */
export interface Need {
  readonly right: Right;
  readonly actions: readonly DataAction[];
}
