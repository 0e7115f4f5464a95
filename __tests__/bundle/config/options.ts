import type { Platform } from '../../../src/model/fleet.ts';
import type { Wanted } from '../material.ts';

/** The runtime of a device: IoT Edge 1.`minor` on a platform. */
export interface Target {
  readonly version: string;
  readonly minor: number;
  readonly platform: Platform;
}

/** A setting of the parsed configuration: its path and its value. */
export type Meant = readonly [path: string, value: unknown];

/**
 * One way to set an option, what it means in each file, and the keys that are refused on a target that does not know
 * it.
 */
export interface Choice {
  readonly wanted: (target: Target) => Wanted;
  readonly yaml?: (target: Target) => readonly Meant[];
  readonly toml?: readonly Meant[];
  readonly refused?: (target: Target) => readonly string[];
}

const always = (wanted: Wanted) => () => wanted;
const same = (...meant: readonly Meant[]) => ({ yaml: () => meant, toml: meant });
const from = (minor: number, ...keys: readonly string[]) => ({ refused: (t: Target) => (t.minor < minor ? keys : []) });
const until = (minor: number, ...keys: readonly string[]) => ({
  refused: (t: Target) => (t.minor > minor ? keys : []),
});
const on = (platforms: readonly Platform[], ...keys: readonly string[]) => ({
  refused: (t: Target) => (platforms.includes(t.platform) ? [] : keys),
});

/** A file on the device, as a path of the platform and as the URI in the configuration. */
function file({ platform }: Target, name: string): { readonly path: string; readonly uri: string } {
  if (platform === 'windows') return { path: `C:\\edge\\${name}`, uri: `file:///C:/edge/${name}` };
  return { path: `/srv/edge/${name}`, uri: `file:///srv/edge/${name}` };
}

const linuxUri = (name: string) => `file:///srv/edge/${name}`;
const garbage = (values: object): Meant => ['image_garbage_collection', values];
const ranges = [
  { gateway: '172.18.0.1', subnet: '172.18.0.0/16', ipRange: '172.18.0.0/24' },
  { subnet: '2021:ffff:e0:3b1:1::/80' },
];
const rangesMeant = [
  { gateway: '172.18.0.1', subnet: '172.18.0.0/16', ip_range: '172.18.0.0/24' },
  { subnet: '2021:ffff:e0:3b1:1::/80' },
];
const createOptions = {
  HostConfig: {
    Binds: ['/a:/b'],
    PortBindings: { '8883/tcp': [{ HostPort: '8883' }] },
    Memory: 1_000_000,
    Mounts: [{ Target: '/c', Type: 'tmpfs', ReadOnly: false }],
  },
  Labels: { no: 'yes', 'a.b': '"' },
};

const trustBundle = (t: Target) => file(t, 'trust.pem').path;
const edgeCa = (t: Target) => ({ certificate: file(t, 'ca.pem').path, privateKey: file(t, 'ca.key.pem').uri });
const edgeCaToml: Meant = ['edge_ca', { cert: linuxUri('ca.pem'), pk: linuxUri('ca.key.pem') }];

/** From 1.2 on the network stands in a table that needs the engine's address too. */
const networkToml = (network: unknown): readonly Meant[] => [
  ['moby_runtime', { uri: 'unix:///var/run/docker.sock', network }],
];

const library = '/usr/lib/softhsm/libsofthsm2.so';
const pinned = 'pin-value=$'.concat('{IOTEDGE_PIN}');

/** Every option of a device's configuration, with all kinds of ways to set it. */
export const options: Readonly<Record<string, readonly Choice[]>> = {
  id: [
    {
      wanted: always({ id: 'EDGE-2' }),
      ...same(
        ['provisioning.device_id', 'EDGE-2'],
        ['provisioning.authentication.device_id', 'EDGE-2'],
        ['name of the pair', 'EDGE-2'],
      ),
    },
  ],
  hub: [{ wanted: always({ hub: 'localhost:8443' }), ...same(['hub', 'localhost']) }],
  slot: [{ wanted: always({ slot: 'secondary' }) }],
  hostname: [{ wanted: always({ hostname: 'Press-2.plant.example' }), ...same(['hostname', 'Press-2.plant.example']) }],
  parentHostname: [
    {
      wanted: always({ config: { parentHostname: 'gateway.plant.example' } }),
      toml: [['parent_hostname', 'gateway.plant.example']],
      ...from(2, 'config.parentHostname'),
    },
  ],
  image: [
    {
      wanted: always({ config: { agent: { image: 'contoso.azurecr.io/agent:1.5.10' } } }),
      ...same(['agent.config.image', 'contoso.azurecr.io/agent:1.5.10']),
    },
  ],
  env: [
    {
      wanted: always({ config: { agent: { env: { UpstreamProtocol: 'AmqpWs', no: '1.10', 'a b': '' } } } }),
      ...same(['agent.env.UpstreamProtocol', 'AmqpWs'], ['agent.env.no', '1.10'], ['agent.env.a b', '']),
    },
  ],
  createOptions: [
    {
      wanted: always({ config: { agent: { createOptions } } }),
      ...same(['agent.config.createOptions', createOptions]),
    },
  ],
  registry: [
    {
      wanted: always({
        config: { agent: { registry: { server: 'a.azurecr.io', username: 'me', passwordFrom: 'IOTEDGE_PW' } } },
      }),
      ...same([
        'agent.config.auth',
        { serveraddress: 'a.azurecr.io', username: 'me', password: '$'.concat('{IOTEDGE_PW}') },
      ]),
    },
  ],
  proxy: [
    {
      wanted: always({ config: { proxy: { https: 'http://proxy:3128' } } }),
      ...same(['agent.env.https_proxy', 'http://proxy:3128']),
    },
    {
      wanted: always({ config: { proxy: { https: 'http://proxy:3128', noProxy: 'localhost,.a' } } }),
      ...same(['agent.env.https_proxy', 'http://proxy:3128'], ['agent.env.no_proxy', 'localhost,.a']),
    },
  ],
  certificate: [
    {
      wanted: (t) => ({ certificate: file(t, 'id.pem').path }),
      yaml: (t) => [['provisioning.authentication.identity_cert', file(t, 'id.pem').uri]],
      toml: [['provisioning.authentication.identity_cert', linuxUri('id.pem')]],
    },
  ],
  privateKey: [
    {
      wanted: (t) => ({ privateKey: file(t, 'id.key.pem').uri }),
      yaml: (t) => [['provisioning.authentication.identity_pk', file(t, 'id.key.pem').uri]],
      toml: [['provisioning.authentication.identity_pk', linuxUri('id.key.pem')]],
    },
  ],
  module: [
    {
      wanted: always({ config: { pkcs11: { library, baseSlot: 'pkcs11:token=edge' } } }),
      toml: [['aziot_keys', { pkcs11_lib_path: library, pkcs11_base_slot: 'pkcs11:token=edge' }]],
      ...from(2, 'config.pkcs11'),
    },
    {
      wanted: always({ identity: { privateKey: 'pkcs11:token=edge;object=a' }, config: { pkcs11: { library } } }),
      toml: [
        ['aziot_keys', { pkcs11_lib_path: library }],
        ['provisioning.authentication.identity_pk', 'pkcs11:token=edge;object=a'],
      ],
      ...from(2, 'config.pkcs11', 'identity.privateKey'),
    },
    {
      wanted: always({
        identity: { privateKey: 'pkcs11:token=edge;object=a', pinFrom: 'IOTEDGE_PIN' },
        config: { pkcs11: { library, baseSlot: 'pkcs11:token=edge' } },
      }),
      toml: [
        ['aziot_keys', { pkcs11_lib_path: library, pkcs11_base_slot: `pkcs11:token=edge?${pinned}` }],
        ['provisioning.authentication.identity_pk', `pkcs11:token=edge;object=a?${pinned}`],
      ],
      ...from(2, 'config.pkcs11', 'identity.pinFrom', 'identity.privateKey'),
    },
  ],
  certificates: [
    {
      wanted: (t) => ({ config: { trustBundle: trustBundle(t), edgeCa: edgeCa(t) } }),
      yaml: (t) => [
        [
          'certificates',
          {
            device_ca_cert: file(t, 'ca.pem').uri,
            device_ca_pk: file(t, 'ca.key.pem').uri,
            trusted_ca_certs: file(t, 'trust.pem').uri,
          },
        ],
      ],
      toml: [['trust_bundle_cert', linuxUri('trust.pem')], edgeCaToml],
    },
    {
      wanted: always({ config: { edgeCa: { lifetimeDays: 30 } } }),
      yaml: () => [['certificates', { auto_generated_ca_lifetime_days: 30 }]],
      toml: [['edge_ca', { auto_generated_edge_ca_expiry_days: 30 }]],
    },
    {
      wanted: (t) => ({ config: { trustBundle: trustBundle(t) } }),
      toml: [['trust_bundle_cert', linuxUri('trust.pem')]],
      ...from(2, 'config.trustBundle'),
    },
    {
      wanted: (t) => ({ config: { edgeCa: edgeCa(t) } }),
      toml: [edgeCaToml],
      ...from(2, 'config.edgeCa.certificate'),
    },
  ],
  dynamicReprovisioning: [true, false].map((value) => ({
    wanted: always({ config: { dynamicReprovisioning: value } }),
    yaml: () => [['provisioning.dynamic_reprovisioning', value]],
    ...until(1, 'config.dynamicReprovisioning'),
  })),
  autoReprovisioningMode: (['Dynamic', 'AlwaysOnStartup', 'OnErrorOnly'] as const).map((value) => ({
    wanted: always({ config: { autoReprovisioningMode: value } }),
    toml: [['auto_reprovisioning_mode', value]],
    ...from(2, 'config.autoReprovisioningMode'),
  })),
  network: [
    {
      wanted: always({ config: { network: { name: 'plant', ipam: [] } } }),
      yaml: () => [['moby_runtime.network', 'plant']],
      toml: networkToml('plant'),
    },
    {
      wanted: always({ config: { network: { name: 'plant', ipv6: true, ipam: ranges } } }),
      yaml: () => [['moby_runtime.network', { name: 'plant', ipv6: true, ipam: { config: rangesMeant } }]],
      toml: networkToml({ name: 'plant', ipv6: true, ipam: { config: rangesMeant } }),
      ...on(['debian', 'linux'], 'config.network.ipv6', 'config.network.ipam'),
    },
    {
      wanted: always({ config: { network: { ipv6: false, ipam: [] } } }),
      yaml: () => [['moby_runtime.network', { name: 'azure-iot-edge', ipv6: false }]],
      toml: networkToml({ name: 'azure-iot-edge', ipv6: false }),
      ...on(['debian', 'linux'], 'config.network.ipv6'),
    },
  ],
  watchdog: [
    { wanted: always({ config: { watchdog: { maxRetries: 5 } } }), ...same(['watchdog', { max_retries: 5 }]) },
    // 1.1 has no word for infinite. It retries forever without the key.
    {
      wanted: always({ config: { watchdog: { maxRetries: 'infinite' } } }),
      toml: [['watchdog', { max_retries: 'infinite' }]],
    },
  ],
  imageGarbageCollection: [
    {
      wanted: always({ config: { imageGarbageCollection: { enabled: false } } }),
      toml: [
        garbage({ enabled: false, cleanup_recurrence: '1d', image_age_cleanup_threshold: '7d', cleanup_time: '00:00' }),
      ],
      ...from(4, 'config.imageGarbageCollection'),
    },
    {
      wanted: always({
        config: {
          imageGarbageCollection: {
            enabled: true,
            cleanupRecurrence: '2d',
            imageAgeCleanupThreshold: '12h',
            cleanupTime: '03:30',
          },
        },
      }),
      toml: [
        garbage({ enabled: true, cleanup_recurrence: '2d', image_age_cleanup_threshold: '12h', cleanup_time: '03:30' }),
      ],
      ...from(4, 'config.imageGarbageCollection'),
    },
  ],
  containerOs: [{ wanted: always({ runtime: { containerOs: 'windows' } }), ...on(['windows'], 'runtime.containerOs') }],
  securityDaemonScript: [
    {
      wanted: always({ runtime: { securityDaemonScript: 'C:\\edge\\daemon.ps1' } }),
      ...on(['windows'], 'runtime.securityDaemonScript'),
    },
  ],
};

/** For each option that the target knows, the first or the last way to set it. */
export function knownBy(target: Target, which: 'first' | 'last'): readonly Choice[] {
  return Object.values(options).flatMap((choices) => {
    const known = choices.filter(({ refused }) => (refused?.(target) ?? []).length === 0);
    return known.at(which === 'first' ? 0 : -1) ?? [];
  });
}

/** A device on the target with these choices. A later choice replaces what an earlier one sets. */
export function together(target: Target, choices: readonly Choice[]): Wanted {
  const { version, platform } = target;
  return choices.reduce<Wanted>((all, choice) => merged(all, choice.wanted(target)) as Wanted, { version, platform });
}

function merged(a: unknown, b: unknown): unknown {
  if (!isMap(a) || !isMap(b)) return b;
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return Object.fromEntries(keys.map((key) => [key, key in b ? merged(a[key], b[key]) : a[key]]));
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
