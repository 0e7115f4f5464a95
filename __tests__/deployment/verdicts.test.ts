import { describe, expect, it } from 'vitest';
import { told } from '../support/finding.ts';
import { changed, findingsIn, type Json, type Parts, type Tree } from './deployments.ts';
import { judging, stagesOf, toldBeside, type Version, versions } from './recorded.ts';

/** What all versions do, or each of those named; `''` for what is taken. */
type Outcome = string | Readonly<Partial<Record<Version, string>>>;
type Row = readonly [what: string, change: (parts: Parts) => void, outcome: Outcome];

const agent = (change: (agent: Tree) => void) => (parts: Parts) => change(parts.agent);
const hub = (change: (hub: Tree) => void) => (parts: Parts) => change(parts.hub);
const sensor = (fields: Tree) => (parts: Parts) => void Object.assign(parts.sensor, fields);
const settings = (fields: Tree) => (parts: Parts) => void Object.assign(parts.settings, fields);
const options = (value: Json) => settings({ createOptions: typeof value === 'string' ? value : JSON.stringify(value) });
const hostConfig = (fields: Tree) => options({ HostConfig: fields });
const route = (value: Json, schemaVersion = '1.1') =>
  hub((properties) => Object.assign(properties, { schemaVersion, routes: { r: value } }));
const upstream = 'FROM /messages/modules/sensor/* INTO $upstream';
const nested = (levels: number): string => `{"X":${'['.repeat(levels)}${']'.repeat(levels)}}`;
const onlyNew = (stage: string): Outcome => ({ '1.1.15': '', '1.4.43': stage, '1.5.44': stage, '1.6.1': stage });
const onlyOld = (stage: string): Outcome => ({ '1.1.15': stage, '1.4.43': '', '1.5.44': '', '1.6.1': '' });

const rows: readonly Row[] = [
  // An empty text is null to what reads an object or a list (CoerceEmptyStringToNull).
  ['env as an empty text', sensor({ env: '' }), ''],
  ['an empty text in env', sensor({ env: { A: '' } }), ''],
  ['modules as an empty text', agent((desired) => Object.assign(desired, { modules: '' })), ''],
  ['systemModules as an empty text', agent((desired) => Object.assign(desired, { systemModules: '' })), 'parse'],
  ['runtime as an empty text', agent((desired) => Object.assign(desired, { runtime: '' })), 'parse'],
  ['a module as an empty text', agent((desired) => Object.assign(desired, { modules: { a: '' } })), 'parse'],
  ['settings as an empty text', sensor({ settings: '' }), 'parse'],
  ['HostConfig as an empty text', options({ HostConfig: '' }), ''],
  ['Binds as an empty text', hostConfig({ Binds: '' }), ''],
  ['an exposed port as an empty text', options({ ExposedPorts: { '80/tcp': '' } }), 'parse'],
  [
    'store limits as an empty text',
    hub((properties) =>
      Object.assign(properties, { storeAndForwardConfiguration: { timeToLiveSecs: 1, storeLimits: '' } }),
    ),
    '',
  ],
  [
    'storeAndForwardConfiguration as an empty text',
    hub((properties) => Object.assign(properties, { storeAndForwardConfiguration: '' })),
    'parse',
  ],
  // Words.
  ['a policy of several words', sensor({ restartPolicy: 'on-failure, on-unhealthy' }), ''],
  ['words that end in a comma', sensor({ restartPolicy: 'always,' }), 'parse'],
  ['a number over 32 bits, of which the low ones count', sensor({ status: 4294967298 }), ''],
  ['the same as text', sensor({ status: '4294967298' }), 'parse'],
  ['a signed number as text', sensor({ status: ' +2 ' }), ''],
  ['a negative number', sensor({ imagePullPolicy: -1 }), 'parse'],
  // Whole numbers.
  ['half of an odd number goes up', sensor({ startupOrder: 1.5 }), ''],
  ['just below zero', sensor({ startupOrder: -0.4 }), ''],
  ['below zero', sensor({ startupOrder: -0.6 }), 'parse'],
  ['digits with a sign and blanks', sensor({ startupOrder: '\t+007 ' }), ''],
  ['digits with a comma', sensor({ startupOrder: '1,000' }), 'parse'],
  [
    'a time to live with an exponent',
    hub((properties) => Object.assign(properties, { storeAndForwardConfiguration: { timeToLiveSecs: '7e3' } })),
    'parse',
  ],
  [
    'a time to live with blanks',
    hub((properties) => Object.assign(properties, { storeAndForwardConfiguration: { timeToLiveSecs: ' 60 ' } })),
    '',
  ],
  // schemaVersion.
  ['a version with blanks in it', agent((desired) => Object.assign(desired, { schemaVersion: '1 . 0' })), ''],
  [
    'a part that is too large',
    agent((desired) => Object.assign(desired, { schemaVersion: '1.0.2147483648' })),
    'schemaVersion',
  ],
  [
    'a version of five parts',
    agent((desired) => Object.assign(desired, { schemaVersion: '1.0.0.0.0' })),
    'schemaVersion',
  ],
  [
    'a high patch of the hub',
    hub((properties) => Object.assign(properties, { schemaVersion: '1.3.99' })),
    onlyOld('parse'),
  ],
  // Images.
  ['a list for an image', settings({ image: ['a'] }), ''],
  ['an object for an image', settings({ image: { a: 'b/c:d:e' } }), 'parse'],
  ['an image of one letter', settings({ image: 'a' }), ''],
  ['only a digest', settings({ image: '@sha256:abc' }), ''],
  ['a dollar sign that is not first', settings({ image: 'a/$b:1' }), ''],
  ['the parent of the device by a port', settings({ image: '$upstream:443/a:1' }), ''],
  ['the parent without a port', settings({ image: '$upstream/a:1' }), onlyNew('parse')],
  ['a no-break space around an image', settings({ image: '\u00a0a:1\u00a0' }), ''],
  // createOptions.
  ['the word null with a blank, in capitals', options(' NULL'), 'parse'],
  ['only a comment', options('// none'), ''],
  ['an octal number', options('{"HostConfig":{"Memory":010}}'), ''],
  ['an octal number with a nine', options('{"HostConfig":{"Memory":019}}'), 'parse'],
  ['a hexadecimal number', options('{"HostConfig":{"Memory":0x10}}'), ''],
  ['nothing between two commas of a list of texts', options('{"Env":["a",,"b"]}'), 'parse'],
  ['nothing between two commas of another list', options('{"HostConfig":{"Mounts":[,{}]}}'), ''],
  ['undefined for an object', options('{"HostConfig":undefined}'), ''],
  ['undefined for a text', options('{"Image":undefined}'), 'parse'],
  ['a name without quotes that has a dash', options('{Host-Config:{}}'), 'parse'],
  ['a single-quoted text in a name', options('{"a":\'b"c\'}'), ''],
  ['an unknown escape', options('{"a":"\\x"}'), 'parse'],
  ['a line break in a text', options('{"a":"b\nc"}'), ''],
  ['a comment that does not end', options('{} /* '), 'parse'],
  ['two values', options('{} []'), 'parse'],
  ['a list that is closed as an object', options('{"Env":["a"}}'), 'parse'],
  ['a text in a text', options('"{}"'), 'parse'],
  ['an empty text in a text', options('""'), ''],
  ['63 levels below', options(nested(63)), ''],
  ['64 levels below', options(nested(64)), { '1.1.15': '', '1.4.43': '', '1.5.44': '', '1.6.1': 'parse' }],
  ['128 levels below', options(nested(128)), onlyNew('parse')],
  ['a number for a truth', hostConfig({ Privileged: 0.5 }), ''],
  ['a word for a truth', hostConfig({ AutoRemove: ' True ' }), ''],
  ['an empty text for a truth', hostConfig({ AutoRemove: '' }), 'parse'],
  ['an empty text for a truth that may be null', hostConfig({ Init: '' }), ''],
  ['null for a number that may be null', hostConfig({ PidsLimit: null }), ''],
  ['null for a number', hostConfig({ ShmSize: null }), 'parse'],
  ['a number below zero without a sign', hostConfig({ IOMaximumIOps: -1 }), 'parse'],
  ['the most of 64 bits without a sign', options('{"HostConfig":{"IOMaximumBandwidth":18446744073709551615}}'), ''],
  ['the same with a sign', options('{"HostConfig":{"NanoCpus":18446744073709551615}}'), 'parse'],
  ['a key in other letters that is typed', options({ hostconfig: { binds: {} } }), 'parse'],
  ['an unknown policy of Docker', hostConfig({ RestartPolicy: { Name: 'sometimes' } }), 'parse'],
  ['a policy of Docker from 1.4.20 on', hostConfig({ RestartPolicy: { Name: 'on-failure' } }), onlyOld('parse')],
  ['a policy of the source', hostConfig({ RestartPolicy: { Name: 'OnFailure' } }), ''],
  ['a weight that is too large', hostConfig({ BlkioWeightDevice: [{ Path: '/a', Weight: 65536 }] }), 'parse'],
  ['a text in a list of devices', hostConfig({ Devices: ['/dev/a'] }), 'parse'],
  ['a limit in words', hostConfig({ Ulimits: [{ Name: 'nofile', Soft: 'unlimited' }] }), 'parse'],
  ['an alias that is no list', options({ NetworkingConfig: { EndpointsConfig: { a: { Aliases: 'b' } } } }), 'parse'],
  // Pieces.
  ['a second piece that begins with a zero', settings({ createOptions: '{', createOptions0001: '}' }), ''],
  ['a piece that a name is around', settings({ createOptions: '{', my_createOptions01_of: '}' }), ''],
  ['the same before the first piece', settings({ a_createOptions1: '}', createOptions: '{' }), 'parse'],
  // Modules, logins, integrity.
  [
    'edgeHub as a module where systemModules has none',
    agent((desired) => {
      const { modules, systemModules } = desired as { modules: Tree; systemModules: Tree };
      modules.edgeHub = modules.sensor ?? null;
      delete systemModules.edgeHub;
    }),
    '',
  ],
  [
    'edgeAgent as a module',
    agent(({ modules }) => Object.assign(modules as Tree, { edgeAgent: (modules as Tree).sensor ?? null })),
    'moduleSet',
  ],
  [
    'a login that is null',
    agent(({ runtime }) => Object.assign((runtime as Tree).settings as Tree, { registryCredentials: { a: null } })),
    'combine',
  ],
  [
    'a login with a blank name',
    agent(({ runtime }) =>
      Object.assign((runtime as Tree).settings as Tree, {
        registryCredentials: { a: { address: 'a', username: ' ', password: 'p' } },
      }),
    ),
    'parse',
  ],
  [
    'a signed deployment',
    agent((desired) => Object.assign(desired, { integrity: { signature: {} } })),
    { '1.1.15': '', '1.4.43': 'integrity', '1.5.44': '', '1.6.1': '' },
  ],
  [
    'a signature that is a list',
    agent((desired) => Object.assign(desired, { integrity: { signature: { bytes: [] } } })),
    { '1.1.15': '', '1.4.43': 'integrity,parse', '1.5.44': 'parse', '1.6.1': 'parse' },
  ],
  // Routes.
  ['a list that begins with a route', hub((properties) => Object.assign(properties, { routes: [[upstream]] })), ''],
  ['a list of routes', hub((properties) => Object.assign(properties, { routes: [upstream] })), 'parse'],
  ['a list of empty objects', hub((properties) => Object.assign(properties, { routes: [{}] })), 'parse'],
  ['an object with schemaVersion 1.0', route({ route: upstream }, '1.0'), onlyNew('parse')],
  ['a blank route with schemaVersion 1.0', route(' ', '1.0'), onlyOld('parse')],
  ['a priority that is rounded down to 9', route({ route: upstream, priority: 9.4 }), ''],
  ['a priority that is rounded up to 10', route({ route: upstream, priority: 9.6 }), 'parse'],
  ['a priority that is rounded to the even 8', route({ route: upstream, priority: 8.5 }), ''],
  ['a condition that does not compile', route('FROM /messages/modules/sensor/* WHERE n > 5 INTO $upstream'), 'compile'],
  [
    'a route without a name',
    hub((properties) => Object.assign(properties, { schemaVersion: '1.0', routes: { '': upstream } })),
    'parse',
  ],
  ['a route that is no route', route('FROM /messages/modules/sensor/*'), 'parse'],
  // The broker.
  ['the broker with another schema', hub((properties) => Object.assign(properties, { mqttBroker: 5 })), ''],
  [
    'the broker by its name in the source',
    hub((properties) => Object.assign(properties, { schemaVersion: '1.2', brokerConfiguration: 5 })),
    'parse',
  ],
  [
    'a variable that is unknown',
    hub((properties) =>
      Object.assign(properties, {
        schemaVersion: '1.2',
        mqttBroker: { authorizations: [{ identities: ['{{iot:x}}'] }] },
      }),
    ),
    'parse',
  ],
  [
    'a bridge to another place without settings',
    hub((properties) =>
      Object.assign(properties, { schemaVersion: '1.3', mqttBroker: { bridges: [{ endpoint: 'x', settings: [] }] } }),
    ),
    'parse',
  ],
  [
    'a bridge to the parent without settings',
    hub((properties) =>
      Object.assign(properties, {
        schemaVersion: '1.3',
        mqttBroker: { bridges: [{ endpoint: '$Upstream', settings: [] }] },
      }),
    ),
    onlyOld('parse'),
  ],
];

const outcomes = (text: string) => {
  const judge = judging(text);
  return Object.fromEntries(versions.map((version) => [version, stagesOf(judge(version)).join()]));
};

describe('the verdict of each version', () => {
  it.each(rows)('%s', (_, change, outcome) => {
    const expected =
      typeof outcome === 'string' ? Object.fromEntries(versions.map((version) => [version, outcome])) : outcome;
    expect(outcomes(changed(change))).toEqual(expected);
  });

  it('keeps numbers as they are spelt', () => {
    const spelt = (number: string) => changed(sensor({ startupOrder: 'NUMBER' })).replace('"NUMBER"', number);
    const taken = ['1.0', '1e3', '-0', '4294967295', '4294967295.4', '0.5'].map(
      (number) => outcomes(spelt(number))['1.5.44'],
    );
    expect(taken).toEqual(['', '', '', '', '', '']);
    const refused = ['4294967296', '4294967295.5', '1e400', '100000000000000000000'].map(
      (number) => outcomes(spelt(number))['1.5.44'],
    );
    expect(refused).toEqual(['parse', 'parse', 'parse', 'parse']);
  });
});

it('a time to live has no fraction, not even a zero', () => {
  const spelt = (number: string) => changed(() => {}).replace('"timeToLiveSecs": 7200', `"timeToLiveSecs": ${number}`);
  const stages = ['7200', '7200.0', '7.2e3'].map((number) => outcomes(spelt(number))['1.5.44']);
  expect(stages).toEqual(['', 'parse', 'parse']);
});

it('a half is rounded to the even number', () => {
  const [finding] = findingsIn(changed(sensor({ startupOrder: 2.5 })));
  const details = { of: 'edgeAgent', key: 'modules.sensor.startupOrder', written: '2.5', held: '2' } as const;
  expect(finding).toMatchObject(told('deployment/changed-value', details));
});

describe('what is held otherwise', () => {
  it.each<[string, (parts: Parts) => void, readonly string[]]>([
    ['digits as text', sensor({ startupOrder: '5' }), []],
    ['a number as the value of a variable', sensor({ env: { A: { value: 5 } } }), []],
    ['a date without a zone', sensor({ env: { A: { value: '2026-01-01T10:00:00' } } }), []],
    [
      'a date with zeros at the end',
      sensor({ env: { A: { value: '2026-01-01T10:00:00.500' } } }),
      ['deployment/respelt-value'],
    ],
    [
      'a date with eight digits behind the point',
      sensor({ env: { A: { value: '2026-01-01T10:00:00.12345678' } } }),
      [],
    ],
    [
      'midnight as the end of a day',
      sensor({ env: { A: { value: '2026-01-01T24:00:00Z' } } }),
      ['deployment/respelt-value'],
    ],
    ['a date in a label', options({ Labels: { a: '2026-01-01T10:00:00+05:00' } }), []],
    [
      'a date in an unknown key of createOptions',
      options({ X: { a: ['2026-01-01T10:00:00+05:00'] } }),
      ['deployment/respelt-value'],
    ],
    ['a number in a label', options('{"Labels":{"a":1.10}}'), []],
    ['zero and false', hostConfig({ Privileged: 0, AutoRemove: false, Memory: 0 }), []],
  ])('%s', (_, change, rules) => {
    expect(
      toldBeside(judging(changed(change))('1.5.44')).filter((rule) => !rule.includes('create-options-lenient')),
    ).toEqual(rules);
  });
});
