import type { TomlSetting } from '../../../../src/bundle/base/toml/edit.ts';

export const provisioningParsed = {
  source: 'manual',
  iothub_hostname: 'contoso.azure-devices.net',
  device_id: 'edge-001',
  authentication: {
    method: 'x509',
    identity_cert: 'file:///var/aziot/certs/edge-001.pem',
    identity_pk: 'file:///var/aziot/secrets/edge-001.key.pem',
  },
};

/** The settings of `provisioningParsed`. */
export const provisioning: readonly TomlSetting[] = Object.entries(provisioningParsed).flatMap(([name, value]) =>
  typeof value === 'string'
    ? [{ path: ['provisioning', name], value }]
    : Object.entries(value).map(([inner, text]) => ({ path: ['provisioning', name, inner], value: text })),
);
