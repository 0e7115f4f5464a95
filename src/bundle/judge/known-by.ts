import type { Device } from '../../model/fleet.ts';
import type { ForEachKey } from './setting.ts';

/** Which devices know a key. On other devices the key is refused: the runtime would ignore it in silence. */
export interface KnownBy {
  /** All, from one version on, or up to 1.1. `feature` is what the version brought, if the key is only a part of it. */
  readonly versions:
    | 'all'
    | { readonly since: '1.2' | '1.4'; readonly feature?: 'nested-edge' | 'security-modules' }
    | { readonly last: '1.1' };
  readonly platforms: 'all' | 'Linux' | 'Windows';
  /**
   * Whether Initialize-IoTEdge has a parameter for it. With Linux containers on Windows there is no other way to set
   * it.
   */
  readonly linuxContainers: boolean;
  /** Whether the device asks for it. If absent, it does when the key has a value other than an empty list. */
  readonly asked?: (device: Device) => boolean;
}

/** The rows of the keys below say who knows them. */
export const byItsKeys = 'by its keys';

/** The row of the key above says it for all its keys. */
export const withItsSection = 'with its section';

export type KnownByRow = KnownBy | typeof withItsSection;
export type KnownBySectionRow = KnownByRow | typeof byItsKeys;

const everywhere: KnownBy = { versions: 'all', platforms: 'all', linuxContainers: true };
/** Everywhere except with Linux containers on Windows. */
const inConfiguration: KnownBy = { ...everywhere, linuxContainers: false };

/** Which devices know each key. A new key needs a row here, so that no device gets a key that it ignores. */
export const knownBy: ForEachKey<KnownByRow, KnownBySectionRow> & { readonly parent: KnownBy } = {
  'runtime.version': everywhere,
  'runtime.platform': everywhere,
  'runtime.containerOs': { ...everywhere, platforms: 'Windows' },
  'runtime.securityDaemonScript': { ...everywhere, platforms: 'Windows' },
  parent: {
    ...everywhere,
    versions: { since: '1.2', feature: 'nested-edge' },
    asked: ({ parent }) => parent !== undefined && parent !== '',
  },
  'identity.slot': everywhere,
  'identity.certificate': everywhere,
  'identity.privateKey': everywhere,
  'config.base': inConfiguration,
  // With Linux containers on Windows the device has the name of its machine.
  'config.hostname': inConfiguration,
  'config.parentHostname': { ...everywhere, versions: { since: '1.2', feature: 'nested-edge' } },
  'config.dynamicReprovisioning': { ...everywhere, versions: { last: '1.1' } },
  'config.autoReprovisioningMode': { ...everywhere, versions: { since: '1.2' } },
  'config.agent': byItsKeys,
  'config.agent.image': everywhere,
  'config.agent.env': { ...inConfiguration, asked: ({ config }) => Object.keys(config.agent.env).length > 0 },
  'config.agent.createOptions': inConfiguration,
  'config.agent.registry': byItsKeys,
  'config.agent.registry.server': everywhere,
  'config.agent.registry.username': everywhere,
  'config.agent.registry.passwordFrom': everywhere,
  // Initialize-IoTEdge cannot set the agent's environment, where the proxy has to stand.
  'config.proxy': inConfiguration,
  'config.proxy.https': withItsSection,
  'config.proxy.noProxy': withItsSection,
  'config.trustBundle': everywhere,
  'config.edgeCa': byItsKeys,
  'config.edgeCa.certificate': everywhere,
  'config.edgeCa.privateKey': everywhere,
  'config.edgeCa.lifetimeDays': inConfiguration,
  'config.network': inConfiguration,
  'config.network.name': withItsSection,
  'config.network.ipv6': { ...everywhere, platforms: 'Linux' },
  'config.network.ipam': { ...everywhere, platforms: 'Linux' },
  'config.network.ipam.gateway': withItsSection,
  'config.network.ipam.subnet': withItsSection,
  'config.network.ipam.ipRange': withItsSection,
  'config.watchdog': inConfiguration,
  'config.watchdog.maxRetries': withItsSection,
  'config.imageGarbageCollection': { ...everywhere, versions: { since: '1.4' } },
  'config.imageGarbageCollection.enabled': withItsSection,
  'config.imageGarbageCollection.cleanupRecurrence': withItsSection,
  'config.imageGarbageCollection.imageAgeCleanupThreshold': withItsSection,
  'config.imageGarbageCollection.cleanupTime': withItsSection,
  'config.pkcs11': { ...everywhere, versions: { since: '1.2', feature: 'security-modules' } },
  'config.pkcs11.library': withItsSection,
  'config.pkcs11.baseSlot': withItsSection,
  'identity.pinFrom': { ...everywhere, versions: { since: '1.2', feature: 'security-modules' } },
};
