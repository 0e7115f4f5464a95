import { readFileSync } from 'node:fs';
import { stringify } from 'smol-toml';
import { expect, it } from 'vitest';
import { judgeToml } from '../../../../src/bundle/base/toml/judge.ts';
import { type Key, knownKeys, type TomlType } from '../../../../src/bundle/base/toml/known-keys.ts';
import { describeNeeding } from '../../../support/needing.ts';
import { deviceOf } from '../../material.ts';

interface Row {
  readonly name?: string;
  readonly key?: string;
  readonly value?: unknown;
  readonly note?: string;
  readonly results: Readonly<Record<string, string>>;
  readonly [list: string]: unknown;
}

const file = new URL('../../../../../shared/reference/iotedge/real-parsers.json', import.meta.url);
const read = (): Readonly<Record<string, readonly Row[]>> => JSON.parse(readFileSync(file, 'utf8'));

const agent = { name: 'edgeAgent', type: 'docker', config: { image: 'mcr.microsoft.com/azureiotedge-agent:1.5' } };
const engine = { uri: 'unix:///var/run/docker.sock', network: 'azure-iot-edge' };

/** What stands in the file for a row of each list. */
const settings: Readonly<Record<string, (row: Row) => object>> = {
  'super-config values': ({ config }) => ({ ...Object(config) }),
  edge_ca: ({ edge_ca, beside }) => ({ ...Object(beside), edge_ca }),
  agent: (row) =>
    setAt(
      { agent: structuredClone(agent) },
      String(row.key).split('.'),
      row['left out'] === true ? undefined : row.value,
    ),
  aziot_keys: ({ aziot_keys }) => ({ aziot_keys }),
  auto_reprovisioning_mode: ({ value }) => ({ auto_reprovisioning_mode: value }),
  trust_bundle_cert: ({ value }) => ({ trust_bundle_cert: value }),
  parent_hostname: ({ name, value }) => {
    if (name === 'both names') return { parent_hostname: 'a', local_gateway_hostname: 'b' };
    return { [name === 'as local_gateway_hostname' ? 'local_gateway_hostname' : 'parent_hostname']: value };
  },
  watchdog: ({ name, max_retries }) => ({
    watchdog: name === 'empty table' ? {} : name === 'unknown key' ? { x: 1 } : { max_retries },
  }),
  moby_runtime: ({ name, network, moby_runtime }) => {
    if (name === 'left out') return {};
    return { moby_runtime: moby_runtime ?? { ...engine, network } };
  },
  env: ({ env }) => ({ agent: { ...agent, env } }),
  image: (row) => ({ agent: { ...agent, config: row['left out'] === true ? {} : { image: row.value } } }),
  createOptions: ({ value }) => ({ agent: { ...agent, config: { ...agent.config, createOptions: value } } }),
  durations: ({ key = '', value }) => ({ image_garbage_collection: { [key]: value } }),
  registry: ({ auth }) => ({ agent: { ...agent, config: { ...agent.config, auth } } }),
};

function setAt(target: object, [name = '', ...rest]: readonly string[], value: unknown): object {
  const below: unknown = Reflect.get(target, name);
  Reflect.set(target, name, rest.length === 0 ? value : setAt(Object(below), rest, value));
  return target;
}

/** Rows on which we say something else than the runtime, and why. */
const deviations: Readonly<Record<string, string>> = {
  'super-config values: additional_info absent file': 'the file is on the device, and nobody here can know it',
  'super-config values: provisioning left out': 'the manifest writes the section',
};

describeNeeding(['../shared/reference'], 'what the runtime did with a config.toml', () => {
  it.each(Object.keys(settings))('is what we say of it: %s', (list) => {
    const wrong: string[] = [];
    for (const row of read()[list] ?? [])
      for (const version of ['1.3.0', '1.5.44', '1.6.1']) {
        const name = `${list}: ${row.name ?? JSON.stringify(row.value)}`;
        const results = [row.results[version] ?? '', row.results[`aziot-keys of 1.6.0`] ?? ''];
        if (deviations[name] !== undefined || results[0]?.startsWith('not expressible')) continue;
        const refused = results.some((result) => /refused|unreadable/.test(result));
        const errors = errorsOf(textOf(list, row), version);
        if (errors.length > 0 !== refused)
          wrong.push(`${name} in ${version}: ${results[0]}; we say ${JSON.stringify(errors)}`);
      }
    expect(wrong).toEqual([]);
  });

  it('knows the same keys, by version', () => {
    const expected = new Map<string, readonly string[]>();
    for (const { key = '', in: versions } of read()['super-config keys'] ?? [])
      expected.set(key, Object.keys(Object(versions)));
    const ours = new Map([...keysOf(knownKeys, '')].map(([key, row]) => [key, versionsOf(row)]));
    // What the list tells once for all places.
    const named = (key: string) => key.replace('CertificateIssuance.', 'cert_issuance.local_ca.cert.');
    const wanted = new Map([...expected].map(([key, known]) => [named(key), known]));
    const listed = [...ours].filter(([key]) => wanted.has(key));
    expect(new Map(listed)).toEqual(wanted);
    // The list ends at a map where all of it is of one type, or is told elsewhere.
    const ends = [...wanted.keys()].filter((key) => ![...wanted.keys()].some((other) => other.startsWith(`${key}.`)));
    const more = [...ours.keys()].filter((key) => !wanted.has(key) && !key.includes('.identity_cert.'));
    expect(more.filter((key) => !ends.some((end) => key.startsWith(`${end}.`)))).toEqual([]);
  });
});

function textOf(list: string, row: Row): string {
  const text = stringify(settings[list]?.(row) ?? {});
  // The writer takes a large whole number for one with a fraction.
  if (row.name === 'big-integer') return text.replace(/\d{16}(\.0)?/, '9007199254740993');
  // JSON reads 5.0 as 5.
  return row.note?.includes('(.0)') ? text.replace(/= (\d+)$/m, '= $1.0') : text;
}

function errorsOf(text: string, version: string): readonly string[] {
  const { findings } = judgeToml('base/config.toml', text, [deviceOf({ version })], () => ({}));
  // A secret in the file is another matter.
  return findings
    .filter(({ severity, rule }) => severity === 'error' && rule !== 'config/secret-in-manifest')
    .map(({ message }) => message);
}

const versions = ['1.2.10', '1.3.0', '1.4.43', '1.5.44', '1.6.1'];

function versionsOf({ since, last }: Key): readonly string[] {
  const [from, to] = [since ?? '1.2', last ?? '1.6'];
  return versions.filter((version) => version.slice(0, 3) >= from && version.slice(0, 3) <= to);
}

type KeyRow = readonly [path: string, Key];

function* keysOf(keys: Readonly<Record<string, Key>>, prefix: string, section: Partial<Key> = {}): Generator<KeyRow> {
  for (const [name, key] of Object.entries(keys)) {
    const path = prefix + name;
    // A version that does not know a section does not know its keys.
    const row = { ...(section.since === undefined ? {} : { since: section.since }), ...key };
    yield [path, row];
    yield* below(key.type, path, row);
  }
}

function* below(type: TomlType, path: string, section: Key): Generator<KeyRow> {
  if (type.kind === 'section') yield* keysOf(type.keys, `${path}.`, section);
  if (type.kind === 'list') yield* below(type.of, `${path}.[]`, section);
  if (type.kind === 'map') yield [`${path}.NAME`, { ...section, type: type.of }];
  if (type.kind === 'either') for (const one of type.of) yield* below(one, path, section);
}
