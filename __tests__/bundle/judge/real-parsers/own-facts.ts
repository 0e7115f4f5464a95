import { type Fact, factsOf, type Row } from './facts.ts';

const all = ['1.0.10', '1.1', '1.2', '1.3', '1.4.8', '1.4.9', '1.5', '1.6'];
const old = ['1.0.10', '1.1'];
const toml = ['1.2', '1.3', '1.4.8', '1.4.9', '1.5', '1.6'];
const oldToml = ['1.2', '1.3', '1.4.0', '1.4.8'];
const newToml = ['1.4.9', '1.5', '1.6'];
const collecting = ['1.4.8', '1.5', '1.6'];

/** Who refuses an input, and who takes it. */
type Known = readonly [row: Row, refuse: readonly string[], take: readonly string[]];

/** One input of each kind, with what the runtime does: these run also where the recorded facts are not there. */
const known: Readonly<Record<string, readonly Known[]>> = {
  createOptions: [
    [{ value: { HostConfig: { Memory: '512m' } } }, all, []],
    [{ value: { HostConfig: { Memory: 536_870_912, Privileged: true } } }, [], all],
    [{ value: { HostConfig: { Privileged: 'true' } } }, all, []],
    [{ value: { HostConfig: { Binds: '/a:/b' } } }, all, []],
    [{ value: { HostConfig: { Binds: [] } } }, [], all],
    [{ value: { HostConfig: { PortBindings: [] } } }, all, []],
    [{ value: { HostConfig: { PortBindings: { '443/tcp': [{ HostPort: 443 }] } } } }, all, []],
    [{ value: { HostConfig: { Mounts: [{ Target: '/b', ReadOnly: 'true' }] } } }, all, []],
    [{ value: { HostConfig: { CapAdd: 'ALL' } } }, ['1.1.7', '1.1', '1.2.4', '1.6'], ['1.0.10', '1.1.6', '1.2.3']],
    [{ value: { HostConfig: { ExtraHosts: 'a:1.2.3.4' } } }, ['1.2.0', ...toml], old],
    [{ value: { Labels: { plant: 7 } } }, all, []],
    [{ value: { Labels: { plant: '7' } } }, [], all],
    [{ value: { Env: 'A=b' } }, all, []],
    [{ value: { NetworkingConfig: { EndpointsConfig: { host: 'x' } } } }, all, []],
    [{ value: { NetworkingConfig: { EndpointsConfig: { host: { NetworkID: 'x' } } } } }, [], all],
    [{ value: { hostConfig: 'x', User: 1000, Healthcheck: 'curl' } }, [], all],
    // In the runtime's order a plain value behind a map.
    [{ value: { HostConfig: { PortBindings: {}, Privileged: true } } }, oldToml, [...old, ...newToml]],
    [{ value: { HostConfig: { PortBindings: {}, Binds: ['/a:/b'] } } }, [], all],
    [{ value: { HostConfig: { PortBindings: {}, CapAdd: ['A'] } } }, ['1.2.3', '1.2.4'], newToml],
    [{ value: { HostConfig: { Annotations: {}, CapAdd: ['A'] } } }, ['1.2.3'], ['1.2.4', '1.3', ...newToml]],
    [{ value: { HostConfig: { LogConfig: { Type: 'local', Config: {} } } } }, oldToml, newToml],
    [{ value: { HostConfig: { Devices: [], NetworkMode: 'host' } } }, [], all],
    [{ value: { HostConfig: { Devices: [{ P: 'x' }], NetworkMode: 'host' } } }, oldToml, newToml],
    [{ value: { HostConfig: { Devices: [{ A: {}, B: 'z' }] } } }, oldToml, newToml],
    [{ value: { HostConfig: { Devices: [{ A: {} }, { B: 'z' }] } } }, [], all],
    [{ value: { HostConfig: { ulimits: [{ Name: 'x' }], ZETA: '1' } } }, [], all],
    [{ value: { Volumes: { '/a': {} }, Cmd: ['x'] } }, [], all],
    [{ value: { Volumes: { '/a': {} }, Entrypoint: ['x'] } }, oldToml, newToml],
    // A list of maps and other things is written, and cannot be read.
    [{ value: { HostConfig: { Extra: ['a', { b: 'c' }] } } }, oldToml, newToml],
    [{ value: { HostConfig: { Extra: [[{ b: 'c' }]] } } }, oldToml, newToml],
    [{ value: { HostConfig: { Extra: [1, 'a', true] } } }, [], all],
    [{ value: { Labels: { '': 'x' } } }, ['1.2', '1.3'], [...old, '1.4.8', ...newToml]],
  ],
  pkcs11: [
    [{ uri: 'pkcs11:token=edge;object=edge-1' }, old, toml],
    [{ uri: 'pkcs11:slot-id=18446744073709551615;object=a b?module-name=x' }, old, toml],
    [{ uri: 'pkcs11:token=edge' }, old, toml],
    [{ uri: 'pkcs11:object=edge-1' }, all, []],
    [{ uri: 'PKCS11:token=edge;object=edge-1' }, all, []],
    [{ uri: 'pkcs11:slot-id=0x1;object=a' }, all, []],
    [{ uri: 'pkcs11:slot-id=18446744073709551616' }, all, []],
    [{ uri: 'pkcs11:token=%FF;object=a' }, all, []],
    [{ uri: 'pkcs11:token=a;id=%FF;object=a' }, old, toml],
  ],
  aziot_keys: [
    [{ aziot_keys: { pkcs11_lib_path: 'softhsm2.so', pkcs11_base_slot: 'pkcs11:slot-id=0' } }, [], toml],
    [{ aziot_keys: { pkcs11_lib_path: '/m.so', pkcs11_base_slot: 'pkcs11:object=a' } }, toml, []],
    [{ aziot_keys: { pkcs11_lib_path: '/m.so', pkcs11_base_slot: 'file:///x' } }, toml, []],
  ],
  identity: [
    [{ identity_cert: 'file:/srv/a.pem' }, [], all],
    [{ identity_pk: 'file:a.pem' }, [], all],
    [{ identity_cert: 'FILE://localhost/srv/x/../a%20b%2Fc.pem#d' }, [], all],
    [{ identity_pk: 'file:///srv/a.pem?b' }, [], toml],
    [{ identity_cert: 'file://server/srv/a.pem' }, all, []],
    [{ identity_cert: 'https://srv/a.pem' }, all, []],
    [{ identity_pk: 'unix:///srv/a.pem' }, all, []],
    [{ identity_cert: 'pkcs11:token=edge;object=edge-1' }, all, []],
    [{ identity_cert: 'a.pem' }, all, []],
    [{ identity_cert: '' }, all, []],
  ],
  env: [
    [{ env: { '': 'x' } }, ['1.2', '1.3'], [...old, '1.4.0', ...newToml]],
    [{ env: { 'A=B c': '' } }, [], all],
    [{ env: { A: 5 } }, all, []],
  ],
  durations: [
    [{ key: 'cleanup_recurrence', value: '1d24h' }, [], collecting],
    [{ key: 'cleanup_recurrence', value: '36h' }, collecting, []],
    [{ key: 'cleanup_recurrence', value: '86400' }, collecting, []],
    [{ key: 'image_age_cleanup_threshold', value: '36h' }, [], collecting],
    [{ key: 'image_age_cleanup_threshold', value: '1.5d' }, ['1.4', '1.5'], ['1.6']],
    [{ key: 'image_age_cleanup_threshold', value: '1D' }, collecting, []],
    [{ key: 'image_age_cleanup_threshold', value: '99999999999999999999d' }, collecting, []],
    [{ key: 'cleanup_time', value: '3:05' }, [], collecting],
    [{ key: 'cleanup_time', value: '24:00' }, collecting, []],
  ],
  moby_runtime: [
    [{ network: 'a b' }, [], all],
    [{ network: '' }, [], all],
    [{ name: 'null', network: null }, old, []],
    [{ network: { name: 'plant', ipv6: 'true' } }, all, []],
    [{ network: { name: 'plant', ipam: { config: [{ subnet: '172.18.0.0/16' }] } } }, [], all],
  ],
  edge_ca: [
    [{ edge_ca: { auto_generated_edge_ca_expiry_days: 0 } }, toml, []],
    [{ edge_ca: { auto_generated_edge_ca_expiry_days: 4_294_967_295 } }, [], toml],
    [{ edge_ca: { auto_generated_edge_ca_expiry_days: 4_294_967_296 } }, toml, []],
    [{ edge_ca: { cert: 'file:///a.pem' } }, toml, []],
    [{ edge_ca: { cert: 'file:///a.pem', pk: 'pkcs11:object=ca' } }, toml, []],
    [{ edge_ca: { cert: 'file:///a.pem', pk: 'pkcs11:token=edge;object=ca' } }, [], toml],
    [{ edge_ca: { method: 'EST' } }, toml, []],
    [{ edge_ca: { method: 'est', url: 'est.example' } }, toml, []],
    [{ edge_ca: { method: 'self_signed', expiry_days: 0 } }, toml, []],
    [{ edge_ca: { method: 'self_signed', auto_renew: { rotate_key: true } } }, toml.slice(1), ['1.2']],
  ],
  certificates: [
    [{ certificates: { auto_generated_ca_lifetime_days: 0 } }, [], old],
    [{ certificates: { auto_generated_ca_lifetime_days: 65_535 } }, [], old],
    [{ certificates: { auto_generated_ca_lifetime_days: 65_536 } }, old, []],
  ],
  watchdog: [
    [{ max_retries: 0 }, [], all],
    [{ max_retries: 4_294_967_295 }, [], all],
    [{ max_retries: 4_294_967_296 }, all, []],
    [{ max_retries: 'Infinite' }, [], toml],
    [{ max_retries: '5' }, all, []],
  ],
  auto_reprovisioning_mode: [
    [{ value: 'OnErrorOnly' }, [], toml],
    [{ value: 'dynamic' }, toml, []],
  ],
  trust_bundle_cert: [
    [{ value: 'file:///var/aziot/certs/bundle.pem' }, [], toml],
    [{ value: 'https://x/y.pem' }, toml, []],
  ],
  agent: [
    [{ key: 'agent.imagePullPolicy', value: 'always' }, all, []],
    [{ key: 'agent.config.digest', value: 'sha256:0' }, oldToml, [...old, ...newToml]],
    [{ key: 'agent.config', 'left out': true }, toml, old],
  ],
  registry: [[{ auth: { serveraddress: 'a.azurecr.io', username: 5, password: 'p' } }, all, []]],
  image: [[{ value: 5 }, all, []]],
  'super-config values': [
    [{ config: { cloud_timeout_sec: 10 } }, ['1.4', '1.6'], ['1.2', '1.3']],
    [{ config: { parent_hostname: 'a', local_gateway_hostname: 'b' } }, ['1.4', '1.6'], ['1.2', '1.3']],
    [{ config: { aziot_max_requests: { keyd: 20 } } }, ['1.4', '1.6'], ['1.3']],
    [{ config: { listen: { workload_uri: 'fd://a' } } }, toml, []],
  ],
};

/** The facts of the table above. */
export const ownFacts: readonly Fact[] = Object.entries(known).flatMap(([list, rows]) =>
  factsOf(
    list,
    rows.map(([row, refuse, take]) => ({
      ...row,
      name: row.name ?? row.uri ?? JSON.stringify(row),
      results: Object.fromEntries([
        ...refuse.map((version) => [version, 'refused']),
        ...take.map((version) => [version, 'accepted']),
      ]),
    })),
  ),
);
