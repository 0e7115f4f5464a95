import { deviceCount } from './device-list.ts';
import { rule } from './rule.ts';
import { allVersions, newVersions, nobody } from './sources.ts';

/** Checks of what a manifest calls a hub, and of what devices call it then. */
export const hubRules = {
  'hub/no-domain': rule<{ given: string; meant: string }>({
    severity: 'error',
    refusedBy: [
      {
        who: 'runtime',
        versions: allVersions,
        when: 'first connection',
        source:
          'The device calls https://HUB/devices/ID with the host name of its configuration: https://github.com/Azure/iot-identity-service/blob/main/identity/aziot-cloud-client-async/src/hub/mod.rs',
      },
    ],
    about:
      'The manifest names the hub without its domain. The Azure CLI accepts the short name, but devices cannot reach it.',
    message: ({ given }) => `hub: ${JSON.stringify(given)} is a hub's name without its domain`,
    remedy: ({ meant }) => `Write hub: ${meant} (other clouds have another ending).`,
    example: { given: 'contoso', meant: 'contoso.azure-devices.net' },
  }),
  'hub/service-name': rule<{ given: string; classic: string; device: string }>({
    severity: 'warning',
    refusedBy: nobody,
    about:
      "The manifest has the hub's host name for back ends. Devices must not use it (https://learn.microsoft.com/azure/iot-hub/iot-hub-tls-support). Their configuration gets the classic name.",
    message: ({ given, classic }) => `${given} is not for devices, so their configuration gets ${classic}`,
    remedy: ({ classic, device }) =>
      `Write hub: ${classic}, or hub: ${device} for TLS 1.3. The input hub and connection strings may use the service name.`,
    example: {
      given: 'contoso.service.azure-devices.net',
      classic: 'contoso.azure-devices.net',
      device: 'contoso.device.azure-devices.net',
    },
  }),
  'device/parent-hub-name': rule<{ id: string; given: string; parent: string; ofParent: string }>({
    severity: 'error',
    refusedBy: [
      {
        who: 'runtime',
        versions: newVersions,
        when: 'first connection',
        source:
          'ValidateAudience in https://github.com/Azure/iotedge/blob/main/edge-hub/core/src/Microsoft.Azure.Devices.Edge.Hub.CloudProxy/authenticators/DeviceScopeTokenAuthenticator.cs',
      },
    ],
    adjustable: 'warning',
    about:
      "A device and its parent use two different names of one hub. The parent's edgeHub accepts only tokens for its own name of the hub or for the parent, so the device's modules cannot connect.",
    message: ({ id, given, parent, ofParent }) =>
      `device "${id}" calls the hub ${given}, and its parent "${parent}" calls it ${ofParent}, so the parent refuses its modules`,
    remedy: ({ ofParent }) =>
      `Set the device's hub to ${ofParent}, or its parent the name that the device has. Move a gateway and all devices behind it together.`,
    example: {
      id: 'edge-001',
      given: 'contoso.azure-devices.net',
      parent: 'gateway-01',
      ofParent: 'contoso.device.azure-devices.net',
    },
  }),
  'config/hub-name-changes': rule<{ ids: readonly string[]; before: string; after: string }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'A pull request changes the host name of the hub in the configuration of devices. The runtime then removes all modules and creates them again. From 1.2 on it also deletes its copies of the identities of the modules, so that no module starts before the hub answers (`device_digest` in https://github.com/Azure/iotedge/blob/main/edgelet/aziot-edged/src/provision.rs, `ModuleBackup` in https://github.com/Azure/iot-identity-service/blob/main/identity/aziot-identityd/src/identity.rs).',
    message: ({ ids, before, after }) =>
      `the host name of the hub changes from ${before} to ${after} for ${deviceCount(ids)}: all modules are removed and created again, and their data outside of volumes is lost`,
    remedy: () =>
      'Keep important data in volumes, and begin with one device. Install it only while the device is online, because no module starts before the hub answers.',
    example: {
      ids: ['edge-001'],
      before: 'contoso.azure-devices.net',
      after: 'contoso.device.azure-devices.net',
    },
  }),
};
