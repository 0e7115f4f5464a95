// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders are among what is hostile
import { fileURLToPath } from 'node:url';
import { parse as parseToml } from '@iarna/toml';
import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { renderConfigToml } from '../../../src/bundle/config/toml.ts';
import { renderConfigYaml } from '../../../src/bundle/config/yaml.ts';
import { judgeDevice } from '../../../src/bundle/judge/judge.ts';
import { readPlaces } from '../../../src/bundle/judge/places.ts';
import { fc, times } from '../../support/property.ts';
import { deviceOf, hubOfDevice, now, type Wanted } from '../material.ts';

/** The configuration of one device, read back by a library that did not write it. */
type Read = (wanted: Wanted) => { readonly text: string; readonly config: Record<string, unknown> };

const yaml: Read = (wanted) => {
  const { device, hub, places } = materialOf({ version: '1.1', ...wanted });
  const text = renderConfigYaml(device, hub, places);
  const document = parseDocument(text);
  expect([...document.errors, ...document.warnings]).toEqual([]);
  return { text, config: document.toJS() };
};

const toml: Read = (wanted) => {
  const { device, hub, places } = materialOf({ version: '1.5', ...wanted });
  const text = renderConfigToml(device, hub, places);
  // Not by way of JSON: V8 reads the key "\"" as "\\" where an object before had that one in its place (seen on Node
  // 24.21).
  return { text, config: plain(parseToml(text)) as Record<string, unknown> };
};

/** Removes what the reader adds to its tables. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

/** Renders also what the checks would refuse: the file must stay well-formed. */
function materialOf(wanted: Wanted) {
  const device = deviceOf(wanted);
  const places = readPlaces(device).value;
  if (places === undefined) throw new Error(`no places: ${JSON.stringify(wanted)}`);
  return { device, hub: hubOfDevice(device), places };
}

const pieces = [
  ...['"', "'", '\\', '`', '$(reboot)', '${X}', '%', '&', ';', '|', '{{', '}}', '{', '}', '[', ']', '<', '>'],
  ...[
    '\n',
    '\r',
    '\r\n',
    '\t',
    ' ',
    '\0',
    '\u0007',
    '\u001b',
    '\u007f',
    '\u0085',
    '\u00a0',
    '\u2028',
    '\u2029',
    '\ufeff',
  ],
  ...[
    '#',
    ' # ',
    ': ',
    ':',
    '- ',
    '---',
    '...',
    '"""',
    "'''",
    '=',
    '[a]\n',
    '[[a]]',
    '*a',
    '&a',
    '!!str',
    '<<',
    '?',
    '|',
    '>',
  ],
  ...[
    'no',
    'null',
    '~',
    '1.10',
    '0x1F',
    '1e3',
    '.inf',
    'nan',
    '1979-05-27',
    'true',
    'é',
    '日本',
    '😀',
    '\ufffd',
    '\uffff',
  ],
];
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom(...pieces), maxLength: 8 }),
  fc.constantFrom(...pieces),
);
// Readers set the prototype with one of these names, or lose names that every object has as a method.
const name = text.filter((key) => !(key in {}));
const id = fc.string({ unit: fc.constantFrom(...[..."aZ09-._:%#*?!(),+=@$';"]), minLength: 1, maxLength: 128 });

const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    text,
    fc.boolean(),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }).map((n) => n + 0),
    fc.array(text, { maxLength: 3 }),
    fc.array(tie('map'), { maxLength: 2 }),
    tie('map'),
  ),
  map: fc.dictionary(name, tie('value'), { maxKeys: 3, noNullPrototype: true }),
}));

describe.each([
  ['YAML', yaml],
  ['TOML', toml],
] as const)('what the manifest says, in %s', (form, read) => {
  it('comes back equal, and nothing else changes, whatever the texts are', () => {
    const calm = read({}).config;
    fc.assert(
      fc.property(
        id,
        text,
        text,
        fc.dictionary(name, text, { maxKeys: 4 }),
        json.map,
        (id, hostname, image, env, options) => {
          const wanted = { id, hostname, image, env, config: { agent: { createOptions: options as never } } };
          const { config, text } = read(wanted);
          const { agent, hostname: found, provisioning, ...rest } = config as Record<string, Record<string, unknown>>;
          expect(found).toBe(hostname);
          const where = form === 'YAML' ? (provisioning?.authentication as Record<string, unknown>) : provisioning;
          expect(where?.device_id).toBe(id);
          const { createOptions = {}, image: foundImage, ...others } = (agent?.config ?? {}) as Record<string, unknown>;
          expect(foundImage).toBe(image);
          expect(others).toEqual(form === 'YAML' ? { auth: {} } : {});
          // Compares as JSON: the order of keys does not count, and -0 is 0.
          expect(sorted(createOptions)).toEqual(sorted(options));
          expect(new Map(Object.entries(agent?.env ?? {}))).toEqual(new Map(Object.entries(env)));
          const { agent: _, hostname: __, provisioning: ___, ...expected } = calm;
          expect(rest).toEqual(expected);
          // biome-ignore lint/suspicious/noControlCharactersInRegex: none may stand in the file as it is
          expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
        },
      ),
      times(300),
    );
  });

  it('keeps any registry and any proxy', () => {
    fc.assert(
      fc.property(text, text, text, text, (server, username, https, noProxy) => {
        const registry = { server, username, passwordFrom: 'IOTEDGE_PW' };
        const { config } = read({ config: { proxy: { https, noProxy }, agent: { registry } } });
        const auth = { serveraddress: server, username, password: '$'.concat('{IOTEDGE_PW}') };
        expect(config.agent).toMatchObject({ env: { https_proxy: https, no_proxy: noProxy }, config: { auth } });
      }),
    );
  });

  it('names the pair of any device by URIs that lead to its files', () => {
    fc.assert(
      fc.property(id, (id) => {
        const { config } = read({ id });
        const pair =
          JSON.stringify(config)
            .match(/file:[^"]*/g)
            ?.slice(0, 2) ?? [];
        const folders =
          form === 'YAML'
            ? ['/var/lib/iotedge/identity', '/var/lib/iotedge/identity']
            : ['/var/aziot/certs', '/var/aziot/secrets'];
        expect(pair.map((uri) => fileURLToPath(uri))).toEqual([
          `${folders[0]}/${id}.pem`,
          `${folders[1]}/${id}.key.pem`,
        ]);
      }),
    );
  });

  it('keeps any path that is taken, as a path or as its URI', () => {
    // A URI whose first name is a drive is read as a Windows path.
    const segment = fc
      .string({ unit: fc.constantFrom(...[...'ab.-_ %#?:"\'$`&;{}()é😀\\']), minLength: 1, maxLength: 12 })
      .filter((part) => !/^(\.{1,2}|[a-z]:)$/.test(part));
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 4 }), (segments) => {
        const path = `/${segments.join('/')}.pem`;
        const { value } = judgeDevice(deviceOf({ certificate: path }), now);
        fc.pre(value !== undefined);
        const { config } = read({ certificate: path });
        const uri = /file:[^"\\]*/.exec(JSON.stringify(config.provisioning))?.[0] ?? '';
        expect(fileURLToPath(uri)).toBe(path);
        expect(read({ certificate: uri }).config).toEqual(config);
      }),
    );
  });
});

describe('what is judged', () => {
  it('never throws, and what passes is rendered, in every version', () => {
    const wanted = fc.record({
      id,
      version: fc.constantFrom('1.0.10', '1.1', '1.2', '1.6'),
      hostname: fc.constant('edge'),
      certificate: fc.oneof(text, fc.constant('/a.pem')),
      env: fc.dictionary(fc.oneof(name, fc.string({ unit: fc.constantFrom('a', '\ud800', '\udfff') })), text, {
        maxKeys: 2,
      }),
    });
    fc.assert(
      fc.property(wanted, (wanted) => {
        if (judgeDevice(deviceOf(wanted), now).value === undefined) return;
        const read = wanted.version < '1.2' ? yaml : toml;
        expect(() => read(wanted)).not.toThrow();
      }),
      times(300),
    );
  });
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return new Map(Object.entries(value).map(([key, inner]) => [key, sorted(inner)]));
}
