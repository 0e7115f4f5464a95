import type { Refuser } from './rule.ts';

/** Returns the address of a file of IoT Edge, at a version. */
export function iotedge(version: string, path: string): string {
  return `https://github.com/Azure/iotedge/blob/${version}/${path}`;
}

/** Returns the address of a file of the identity service, which IoT Edge has from 1.2 on. Its versions are those of IoT Edge. */
export function identityService(version: string, path: string): string {
  return `https://github.com/Azure/iot-identity-service/blob/${version}/${path}`;
}

/** Rows that several families use. */
export const nobody: readonly Refuser[] = [{ who: 'nobody' }];
export const manifest: Refuser = { who: 'this action', since: 'manifest' };
export const cutOff: Refuser = { who: 'this action', since: 'cut-off' };
export const secret: Refuser = { who: 'this action', since: 'secret' };
export const owner: Refuser = { who: 'this action', since: 'owner' };
export const workspace: Refuser = { who: 'this action', since: 'workspace' };
export const workflow: Refuser = { who: 'this action', since: 'workflow' };

export const allVersions = '1.0.10 to 1.6';
export const oldVersions = '1.0.10 to 1.1';
export const newVersions = '1.2 to 1.6';

export const deviceIds =
  'https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-identity-registry#device-identity-properties';
export const twinFormat =
  'https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-device-twins#tags-and-properties-format';

/** The hub and edgeHub compare the thumbprint and the validity, and nothing else. */
export const thumbprintAuthentication = 'https://github.com/Azure/iotedge/pull/621';

/** Microsoft's own client refuses the same before it sends it. */
export const thumbprintsOfHub =
  'https://github.com/Azure/azure-iot-sdk-csharp/blob/ea287e9488675d8ae01ecacf1fe753eca19ad6f1/iothub/service/src/X509ThumbprintExtensions.cs';

/** Debian 10, Ubuntu 20.04, RHEL 8 and newer have level 2. */
export const openSslLevels = 'https://docs.openssl.org/3.0/man3/SSL_CTX_set_security_level/';

/** What `iotedge check` says of a certificate that is not valid now: it is not, or ends within a week. */
export function checkOfValidity(says: 'error' | 'warning'): readonly Refuser[] {
  return [
    iotedge('1.1.15', 'edgelet/iotedge/src/check/checks/identity_certificate_expiry.rs'),
    identityService('1.5.0', 'aziotctl/src/internal/check/checks/certs_preloaded.rs'),
  ].map((source) => ({ who: 'iotedge check', says, source }) as const);
}
