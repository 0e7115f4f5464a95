import type { TomlBase, TomlSetting } from '../../../../src/bundle/base/toml/base.ts';
import { readToml } from '../../../../src/bundle/base/toml/read.ts';

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

export function baseOf(text: string): TomlBase {
  const read = readToml('base/config.toml', text);
  if (!('base' in read)) throw new Error(JSON.stringify(read));
  return read.base;
}

/** The text for the device of `provisioningParsed`, with more settings. */
export function edited(text: string, ...set: readonly (readonly [path: string, value: unknown])[]): string {
  return baseOf(text).edit({ provisioning, set: set.map(([path, value]) => ({ path: path.split('.'), value })) });
}
