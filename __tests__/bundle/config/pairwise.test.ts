import { parse as parseToml } from '@iarna/toml';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { ownName } from '../../../src/bundle/config/own-name.ts';
import type { Platform } from '../../../src/model/fleet.ts';
import { columnOf, configurationOf, findingsOf } from '../material.ts';
import { type Choice, knownBy, type Meant, options, type Target, together } from './options.ts';

type Tree = { [key: string]: unknown };

const versions = ['1.0.10', '1.1', '1.2', '1.3', '1.4', '1.5', '1.6'];
const platforms: readonly Platform[] = ['debian', 'linux', 'windows'];
const targets: readonly Target[] = platforms.flatMap((platform) =>
  versions
    .map((version) => ({ version, minor: Number(version.split('.')[1]), platform }))
    .filter(({ minor }) => platform !== 'windows' || minor < 2),
);

/** All pairs of ways to set two different options. Nothing else is set. */
const pairs = Object.values(options).flatMap((first, index, all) =>
  all.slice(index + 1).flatMap((second) => first.flatMap((one) => second.map((other) => [one, other] as const))),
);

describe('every pair of options', () => {
  it('is some hundreds', () => {
    expect(Object.keys(options).length).toBeGreaterThanOrEqual(20);
    expect(pairs.length).toBeGreaterThan(500);
    expect(targets).toHaveLength(16);
  });

  it.each(targets)('of $version on $platform is rendered as it was meant, or refused at its keys', (target) => {
    holds(target, []);
    for (const pair of pairs) holds(target, pair);
  });

  it.each(targets)('of $version on $platform and all others that it knows can be set at once', (target) => {
    for (const which of ['first', 'last'] as const) holds(target, knownBy(target, which));
  });
});

function holds(target: Target, choices: readonly Choice[]): void {
  const wanted = together(target, choices);
  const refused = choices.flatMap((choice) => choice.refused?.(target) ?? []);
  const found = findingsOf(wanted);
  expect(found.map(({ place }) => place?.column).sort(), JSON.stringify(wanted)).toEqual(refused.map(columnOf).sort());
  if (refused.length > 0) {
    expect(() => configurationOf(wanted)).toThrow();
    return;
  }
  const text = configurationOf(wanted);
  expect(text).toContain(`# The certificate (${wanted.slot ?? 'primary'})`);
  const toml = target.minor >= 2;
  const read = toml ? JSON.parse(JSON.stringify(parseToml(text))) : parseYaml(text);
  const meant = choices.flatMap((choice) => (toml ? choice.toml : choice.yaml?.(target)) ?? []);
  expect(read, text).toEqual(toml ? tomlOf(target, meant) : yamlOf(target, meant));
}

/** The expected config.yaml: the template of the package with its X.509 section, and what the options mean. */
function yamlOf({ version, platform }: Target, meant: readonly Meant[]): Tree {
  const { hub, id } = named(meant);
  const windows = platform === 'windows';
  const folder = windows ? 'file:///C:/ProgramData/iotedge/identity' : 'file:///var/lib/iotedge/identity';
  const sockets = windows
    ? ['unix:///C:/ProgramData/iotedge/mgmt/sock', 'unix:///C:/ProgramData/iotedge/workload/sock']
    : ['unix:///var/lib/iotedge/mgmt.sock', 'unix:///var/lib/iotedge/workload.sock'];
  const connect = platform === 'debian' ? sockets.map((uri) => uri.replace('lib', 'run')) : sockets;
  const listen = platform === 'debian' ? ['fd://iotedge.mgmt.socket', 'fd://iotedge.socket'] : sockets;
  const tree = {
    provisioning: {
      source: 'manual',
      authentication: {
        method: 'x509',
        iothub_hostname: hub,
        device_id: id,
        identity_cert: `${folder}/${id}.pem`,
        identity_pk: `${folder}/${id}.key.pem`,
      },
      dynamic_reprovisioning: false,
    },
    agent: {
      name: 'edgeAgent',
      type: 'docker',
      env: {},
      config: { image: `mcr.microsoft.com/azureiotedge-agent:${version.slice(0, 3)}`, auth: {} },
    },
    hostname: ownName,
    connect: { management_uri: connect[0], workload_uri: connect[1] },
    listen: { management_uri: listen[0], workload_uri: listen[1] },
    homedir: windows ? 'C:\\ProgramData\\iotedge' : '/var/lib/iotedge',
    moby_runtime: { uri: windows ? 'npipe://./pipe/iotedge_moby_engine' : 'unix:///var/run/docker.sock' },
  };
  return withMeant(tree, meant, ['provisioning.device_id']);
}

/** The expected config.toml: what is required, and what the options mean. */
function tomlOf({ version }: Target, meant: readonly Meant[]): Tree {
  const { hub, id } = named(meant);
  const tree = {
    provisioning: {
      source: 'manual',
      iothub_hostname: hub,
      device_id: id,
      authentication: {
        method: 'x509',
        identity_cert: `file:///var/aziot/certs/${id}.pem`,
        identity_pk: `file:///var/aziot/secrets/${id}.key.pem`,
      },
    },
    agent: {
      name: 'edgeAgent',
      type: 'docker',
      config: { image: `mcr.microsoft.com/azureiotedge-agent:${version}` },
      env: {},
    },
  };
  return withMeant(tree, meant, ['provisioning.authentication.device_id']);
}

const notions = ['hub', 'name of the pair'];

function named(meant: readonly Meant[]): { readonly hub: unknown; readonly id: unknown } {
  const [hub, id] = notions.map((notion) => meant.find(([path]) => path === notion)?.[1]);
  return { hub: hub ?? 'contoso.azure-devices.net', id: id ?? 'edge-001' };
}

/** `elsewhere` has the paths of the other file. A given host name wins over the one made from the id. */
function withMeant(tree: Tree, meant: readonly Meant[], elsewhere: readonly string[]): Tree {
  for (const [path, value] of meant) {
    if (notions.includes(path) || elsewhere.includes(path)) continue;
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    const parent = keys.reduce<Tree>((here, key) => here[key] as Tree, tree);
    parent[last] = value;
  }
  return tree;
}
