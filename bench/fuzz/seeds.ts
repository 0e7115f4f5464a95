import type { Certificates } from './certificates.ts';

/** Inputs to begin with, each of which is accepted whole: a reader that stops early hides what lies behind. */
export const seeds = {
  'manifest-yaml': ({ names }: Certificates) => [yamlOf(names), yamlOfLists, yamlOfGlobs],
  'manifest-json': ({ names }: Certificates) => [jsonOf(names)],
  'manifest-csv': () => [csv, csv.replaceAll(',', ';')],
  'certificate-pem': ({ files }: Certificates) => files.map(({ pem }) => pem),
  'certificate-der': ({ files }: Certificates) => files.map(({ der }) => der),
  'base-toml': () => [toml],
  'base-yaml': () => [configYaml],
  'plan-file': () => [planFile],
  'hub-answer': () => [
    ...[identity, bulk, `{"Message":"ErrorCode:DeviceNotFound;E2","ExceptionMessage":"Tracking ID:1-G:0-2026"}`],
    ...[`{"totalDeviceCount":7,"enabledDeviceCount":7,"disabledDeviceCount":0}`, `{"errorCode":409001,"message":"a"}`],
  ],
  twin: () => [twin],
  'import-log': () => [`${importError}\n${importError.replace('edge-001', 'edge-002')}\n`, `[${importError}]`],
} as const satisfies Readonly<Record<string, (certificates: Certificates) => readonly (string | Buffer)[]>>;

const [one, two, three, four] = ['1', '2', '3', '4'].map((digit) => digit.repeat(64));

/** A device with the runtime of this version, as YAML. `more` are further lines of it. */
export const deviceWith = (version: string, more: string) => `version: 1
hub: contoso.azure-devices.net
devices:
- id: edge-001
  runtime: { version: "${version}", platform: debian }
${more}
`;

export const thumbprints = `  thumbprints: { primary: "${one}", secondary: "${two}" }`;

const yamlOf = ([primary, secondary]: readonly string[]) => `# fleet
version: 1
hub: contoso.azure-devices.net
defaults:
  certificates: { primary: ${primary}, secondary: ${secondary} }
  runtime: { version: "1.6", platform: debian }
  tags: { site: berlin }
devices:
- id: edge-001
  status: enabled
  statusReason: in repair
  tags: { location: { plant: 7 } }
  identity: { slot: secondary, privateKey: "pkcs11:token=edge;object=a", pinFrom: IOTEDGE_PIN }
  config:
    hostname: "{id}.plant.example"
    agent:
      image: mcr.microsoft.com/azureiotedge-agent:1.6
      env: { UpstreamProtocol: AmqpWs }
      createOptions: { HostConfig: { Binds: [ "/iotedge/storage:/iotedge/storage" ] } }
      registry: { server: contoso.azurecr.io, username: edge-puller, passwordFrom: IOTEDGE_REGISTRY_PASSWORD }
    proxy: { https: "http://proxy.plant.example:3128", noProxy: "localhost,.plant.example" }
    trustBundle: /var/aziot/certs/trust-bundle.pem
    edgeCa: { certificate: /var/aziot/certs/edge-ca.pem, privateKey: /var/aziot/secrets/edge-ca.key.pem }
    autoReprovisioningMode: OnErrorOnly
    network: { name: azure-iot-edge, ipv6: true, ipam: [ { gateway: 172.18.0.1, subnet: 172.18.0.0/16 } ] }
    watchdog: { maxRetries: 5 }
    imageGarbageCollection: { enabled: true, cleanupRecurrence: 1d, imageAgeCleanupThreshold: 7d, cleanupTime: "03:00" }
    pkcs11: { library: /usr/lib/softhsm/libsofthsm2.so, baseSlot: "pkcs11:token=edge" }
`;

const yamlOfLists = `hub: contoso.azure-devices.net
devices:
- id: a
  thumbprints: { primary: "${one}", secondary: "${two}" }
  tags: &a { site: { city: "x", size: 1, open: true } }
  runtime: { version: "1.1", platform: windows, containerOs: linux, securityDaemonScript: 'C:\\edge\\a.ps1' }
- id: b
  parent: c
  tags: *a
  thumbprints: { primary: "${three}", secondary: "${four}" }
  runtime: { version: "1.5", platform: linux }
  config: { hostname: b.plant.example }
- id: c
  thumbprints: { primary: "${one?.replaceAll('1', 'A')}", secondary: "${two?.replaceAll('2', 'b')}" }
  runtime: { version: "1.5", platform: debian }
  config: { hostname: c.plant.example, edgeCa: { lifetimeDays: 90 } }
`;

const yamlOfGlobs = `hub: contoso.azure-devices.net
defaults:
  runtime: { version: "1.6", platform: debian }
devices:
  from: "*.pem"
`;

const jsonOf = ([primary, secondary]: readonly string[]) => `{
  "hub": "contoso.azure-devices.net",
  "defaults": { "runtime": { "version": "1.1", "platform": "debian" } },
  "devices": [
    { "id": "edge-002", "thumbprints": { "primary": "${one}", "secondary": "${two}" }, "tags": { "a": 1 } },
    {
      "id": "edge-001",
      "certificates": { "primary": "${primary}", "secondary": "${secondary}" },
      "config": { "hostname": "edge-001.plant.example", "agent": { "env": { "A": "b" } }, "dynamicReprovisioning": true }
    }
  ]
}
`;

const csv = `id,hub,runtime.version,runtime.platform,thumbprints.primary,thumbprints.secondary,tags.site,config.agent.env.A
edge-001,contoso.azure-devices.net,1.5,debian,${one},${two},"a ""b"" c",x
edge-002,contoso.azure-devices.net,1.1,linux,${three},${four},,
`;

const toml = `hostname = "edge-001" # of the plant
parent_hostname = "gateway"
trust_bundle_cert = "file:///var/aziot/certs/trust.pem"
imported_master_encryption_key = "file:///a"

[provisioning]
source = "manual"
connection_string = "x"

[agent]
name = "edgeAgent"
type = "docker"
env = { "A" = "b" }

[agent.config]
image = "mcr.microsoft.com/azureiotedge-agent:1.5"
createOptions = { HostConfig = { Binds = ["a:b"] } }

[edge_ca]
cert = "file:///var/aziot/certs/edge-ca.pem"
pk = "file:///var/aziot/secrets/edge-ca.key.pem"

[moby_runtime]
uri = "unix:///var/run/docker.sock"
network = "azure-iot-edge"

[connect]
management_uri = "unix:///var/run/iotedge/mgmt.sock"
workload_uri = "unix:///var/run/iotedge/workload.sock"

[preloaded_keys]
a = "file:///a"
`;

const configYaml = `# A device of 2020
provisioning:
  source: "manual"
  device_connection_string: "x"
certificates:
  device_ca_cert: "/etc/ca.pem"
  device_ca_pk: "/etc/ca.key.pem"
  trusted_ca_certs: "/etc/trust.pem"
agent:
  name: "edgeAgent"
  type: "docker"
  env: { A: b }
  config:
    image: "mcr.microsoft.com/azureiotedge-agent:1.1"
    auth: {}
hostname: "edge-001"
connect:
  management_uri: "unix:///var/run/iotedge/mgmt.sock"
  workload_uri: "unix:///var/run/iotedge/workload.sock"
listen:
  management_uri: "fd://iotedge.mgmt.socket"
  workload_uri: "fd://iotedge.socket"
homedir: "/var/lib/iotedge"
moby_runtime:
  uri: "unix:///var/run/docker.sock"
`;

const planFile = JSON.stringify({
  version: 1,
  hubs: [
    {
      hub: 'contoso.azure-devices.net',
      changes: [
        { device: 'edge-001', kind: 'update', fields: [{ field: 'status', before: 'enabled', after: 'disabled' }] },
        { device: 'edge-002', kind: 'create', fields: [{ field: 'status', before: null, after: 'enabled' }] },
      ],
    },
    { hub: 'contoso.device.azure-devices.net', changes: [{ device: 'edge-003', kind: 'delete', fields: [] }] },
  ],
});

/** A device as IoT Hub gives it. */
export const identity = JSON.stringify({
  deviceId: 'edge-001',
  etag: 'MQ==',
  status: 'enabled',
  statusReason: null,
  connectionState: 'Disconnected',
  lastActivityTime: '0001-01-01T00:00:00',
  capabilities: { iotEdge: true },
  deviceScope: 'ms-azure-iot-edge://edge-001-1',
  parentScopes: [],
  authentication: { type: 'selfSigned', x509Thumbprint: { primaryThumbprint: one, secondaryThumbprint: two } },
});
const bulk = `{"isSuccessful":false,"errors":[{"deviceId":"edge-001","errorCode":409001,"errorStatus":"exists"}],"warnings":[{"deviceId":"edge-002","warningCode":"DeviceRegisteredWithoutTwin","warningStatus":"a"}]}`;
const twin = `{"deviceId":"edge-001","etag":"AAAAAAAAAAE=","deviceEtag":"MQ==","version":2,"status":"enabled","authenticationType":"selfSigned","x509Thumbprint":{"primaryThumbprint":"${one}","secondaryThumbprint":"${two}"},"capabilities":{"iotEdge":true},"tags":{"provision":{"owner":"github.com/a/b"},"site":{"city":"x"}},"properties":{"desired":{"$version":1},"reported":{"$version":1}}}`;
const importError = `{"deviceId":"edge-001","errorCode":"412001","errorStatus":"the etag does not match"}`;
