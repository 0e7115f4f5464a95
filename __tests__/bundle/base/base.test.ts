import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { editBase } from '../../../src/bundle/base/edit.ts';
import { describeNeeding } from '../../support/needing.ts';
import { baseOf, diffOf, edited, pair, section } from './base-material.ts';

const small = `# mine
provisioning:
  source: "manual"
  device_connection_string: "<ADD DEVICE CONNECTION STRING HERE>" # here

  # of no use
  dynamic_reprovisioning: true
  # always_reprovision_on_startup: true
# the agent
agent:
  env: {}
`;

describe('the provisioning section of a base', () => {
  it('becomes a comment, and the new one stands below', () => {
    expect(edited(small)).toBe(`# mine
# provisioning:
#   source: "manual"
#   device_connection_string: "<ADD DEVICE CONNECTION STRING HERE>" # here

#   # of no use
#   dynamic_reprovisioning: true
#   # always_reprovision_on_startup: true
${section.replace('false', 'true')}# the agent
agent:
  env: {}
`);
  });

  it.each([
    ['the manifest says nothing: as in the old one', undefined, true],
    ['the manifest says true', true, true],
    ['the manifest says false', false, false],
  ])('has dynamic_reprovisioning, when %s', (_, dynamicReprovisioning, expected) => {
    const provisioning = { ...pair, ...(dynamicReprovisioning === undefined ? {} : { dynamicReprovisioning }) };
    const text = editBase(baseOf(small), { provisioning, set: [] });
    expect(parse(text).provisioning.dynamic_reprovisioning).toBe(expected);
  });

  it.each([
    ['dps', 'provisioning:\n  source: dps\n  attestation:\n    method: tpm\n'],
    ['external', 'provisioning:\n  source: "external"\n  endpoint: "http://localhost:9999"\n'],
    ['in braces', 'provisioning: {source: manual,\n  device_connection_string: ""}\n'],
    ['with anchors of its own', 'provisioning:\n  source: &a manual\n  x: *a\n  y: &empty\n'],
    ['with text in lines', 'provisioning:\n  source: >-\n    manual\n\n  x: |\n    a\n\n'],
    ['in quotes', '"provisioning":\n  source: manual\n'],
    ['the same for an other device', section.replace('edge-001', 'edge-002')],
  ])('of source or form "%s" is replaced too', (_, old) => {
    for (const rest of ['homedir: "/h"\n', '']) {
      const text = edited(old + rest);
      expect(parse(text)).toEqual({ ...parse(section), ...(parse(rest) ?? {}) });
      const [commented = '', behind] = text.split(section.trimEnd());
      expect(commented.replace(/^# /gm, '') + behind?.replace(/^\n/, '')).toBe(old + rest);
    }
  });

  it('is put at the end where there is none, behind the comments of the last section', () => {
    const text = '# provisioning:\n#   source: manual\nmoby_runtime:\n  uri: "u"\n  # network: "n"\n\n# end\n';
    expect(edited(text)).toBe(text.replace('"n"\n', `"n"\n\n${section}`));
    expect(edited('a: 1\n...\n')).toBe(`a: 1\n\n${section}...\n`);
    expect(edited('---\na: 1')).toBe(`---\na: 1\n\n${section.trimEnd()}`);
  });

  it('adds no line to a text that keeps its empty lines', () => {
    const text = 'a: |+\n  x\n\n\n';
    expect(parse(edited(text, ['b', 1]))).toEqual({ a: 'x\n\n\n', b: 1, ...parse(section) });
  });

  it.each(['\n', '\r\n'])('keeps the line ends %j, the byte order mark and the lack of a last line end', (newline) => {
    const text = `\uFEFF${small.trimEnd()}`.replaceAll('\n', newline);
    const set = [
      ['agent.env', { A: '1' }],
      ['certificates.trusted_ca_certs', 'file:///t'],
    ] as const;
    const result = edited(text, ...set);
    const plain = edited(small, ...set).trimEnd();
    expect(result).toBe(`\uFEFF${plain.replaceAll('\n', newline)}`);
  });
});

describe('a setting of a base', () => {
  const file = (rest: string) => `${section}${rest}`;
  const commented = edited(section);
  const rest = (text: string) => {
    expect(text.startsWith(commented)).toBe(true);
    return text.slice(commented.length);
  };

  it.each<[string, string, string, unknown, string]>([
    ['a text', 'hostname: "old" # c\n', 'hostname', 'new', 'hostname: "new" # c\n'],
    ['a bare word', 'hostname:   old\n', 'hostname', 'a"b', 'hostname:   "a\\"b"\n'],
    ['nothing', 'hostname: # c\n', 'hostname', 'new', 'hostname: "new" # c\n'],
    ['nothing at all', 'hostname:\nx: 1\n', 'hostname', 'new', 'hostname: "new"\nx: 1\n'],
    ['a tag and an anchor', 'hostname: &a !!str # c\n', 'hostname', 'new', 'hostname: "new" # c\n'],
    ['text in lines', 'hostname: >- # c\n  old\n\nx: 1\n', 'hostname', 'new', 'hostname: "new"\n\nx: 1\n'],
    ['text on the next line', 'hostname: # c\n  "old" # d\nx: 1\n', 'hostname', 'new', 'hostname: "new" # c\nx: 1\n'],
    ['an inner text', 'a:\n  b:\n    c: 1 # c\n  # d\n', 'a.b.c', true, 'a:\n  b:\n    c: true # c\n  # d\n'],
    ['a map, by a number', 'a: # c\n  # d\n  b: 1\n  # e\nx: 1\n', 'a', 2, 'a: 2 # c\n  # e\nx: 1\n'],
    ['a list, by text', 'a:\n- 1\n- b: 2\n-\nx: 1\n', 'a', 's', 'a: "s"\nx: 1\n'],
    ['a map, by a map', 'a: # c\n  b: 1 # d\nx: 1\n', 'a', { z: 'y' }, 'a: # c\n  z: "y"\nx: 1\n'],
    ['a map, by none', 'a:\n  b: 1\nx: 1\n', 'a', {}, 'a: {}\nx: 1\n'],
    ['no map, by a map', 'a: {} # c\nx: 1\n', 'a', { no: '1', b_c: null }, 'a: # c\n  "no": "1"\n  b_c: null\nx: 1\n'],
    ['lists', 'a: 1\n', 'a', { l: [{ k: 'v', n: 1 }, 'x'] }, 'a:\n  l: [{"k": "v", "n": 1}, "x"]\n'],
    ['in braces', 'a: {b: 1, c: {}}\n', 'a.c', { 'd e': 1 }, 'a: {b: 1, c: {"d e": 1}}\n'],
    ['in braces, new', 'a: { b: 1 }\n', 'a.c', { d: 1 }, 'a: {"c": {"d": 1}, b: 1 }\n'],
    ['below no map', 'a: {}\n', 'a.b.c', 1, 'a:\n  b:\n    c: 1\n'],
    ['below nothing', 'a:\n  b:\nx: 1\n', 'a.b.c', 1, 'a:\n  b:\n    c: 1\nx: 1\n'],
    [
      'new in a section',
      'm:\n    u: "u"\n    # net: "n"\n\nx: 1\n',
      'm.net',
      'y',
      'm:\n    u: "u"\n    net: "y"\n    # net: "n"\n\nx: 1\n',
    ],
    ['new in braces over lines', 'a: {\n  b: 1 }\n', 'a.c', 1, 'a: {"c": 1,\n  b: 1 }\n'],
    ['new at the top', 'a:\n  b: 1\n', 'c.d', 1, 'a:\n  b: 1\n\nc:\n  d: 1\n'],
  ])('replaces %s', (_, before, path, value, after) => {
    const result = rest(edited(file(before), [path, value]));
    expect(result).toBe(after);
  });

  it('is added beside others in one new section, and inner ones before outer ones', () => {
    const set = [
      ['a.c', 2],
      ['d.e', 3],
      ['d.f', { g: '4' }],
    ] as const;
    expect(rest(edited(file('a:\n  b: 1\n'), ...set))).toBe('a:\n  b: 1\n  c: 2\n\nd:\n  e: 3\n  f:\n    g: "4"\n');
  });

  it('is added behind the provisioning section where that is the last', () => {
    expect(edited(`a: 1\n${section}`, ['b', 2])).toBe(`a: 1\n${commented}\nb: 2\n`);
  });
});

const templates = new URL('../../../../shared/reference/iotedge/config.yaml/', import.meta.url);

/** What changes in all six templates; the last line of the old section, "dynamic_reprovisioning: false", is that of the new one. */
const change = [
  '-provisioning:',
  '-  source: "manual"',
  '-  device_connection_string: "<ADD DEVICE CONNECTION STRING HERE>"',
  '+# provisioning:',
  '+#   source: "manual"',
  '+#   device_connection_string: "<ADD DEVICE CONNECTION STRING HERE>"',
  '+#   dynamic_reprovisioning: false',
  ...section.trimEnd().replace(/^/gm, '+').split('\n').slice(0, -1),
].join('\n');

describeNeeding(['../shared/reference'], 'the packages’ own templates as a base', () => {
  it.each([
    ['1.0.10', 'linux-debian', 86],
    ['1.0.10', 'linux-generic-rpm', 97],
    ['1.0.10', 'windows', 97],
    ['1.1.15', 'linux-debian', 122],
    ['1.1.15', 'linux-generic-rpm', 122],
    ['1.1.15', 'windows', 122],
  ])('of %s for %s change in their provisioning section alone', (version, name, line) => {
    const text = readFileSync(new URL(`${version}/${name}.config.yaml`, templates), 'utf8');
    const result = edited(text);
    expect(diffOf(text, result)).toBe(`@@ line ${line} @@\n${change}`);
    expect(parse(result)).toEqual({ ...parse(text), ...parse(section) });

    const set = [
      ['hostname', 'edge-001'],
      ['agent.env', { https_proxy: 'http://proxy:3128' }],
      ['agent.config.image', 'registry.example/agent:1'],
      ['moby_runtime.network', 'mine'],
    ] as const;
    const more = edited(text, ...set);
    const expected = parse(result);
    expected.hostname = 'edge-001';
    expected.agent.env = { https_proxy: 'http://proxy:3128' };
    expected.agent.config.image = 'registry.example/agent:1';
    expected.moby_runtime.network = 'mine';
    expect(parse(more)).toEqual(expected);
    const added = more.split('\n').filter((one) => !result.split('\n').includes(one));
    expect(added).toEqual([
      '  env:',
      '    https_proxy: "http://proxy:3128"',
      '    image: "registry.example/agent:1"',
      'hostname: "edge-001"',
      '  network: "mine"',
    ]);
  });

  it('are edited for 10,000 devices in a moment', () => {
    const base = baseOf(readFileSync(new URL('1.1.15/linux-debian.config.yaml', templates), 'utf8'));
    const began = performance.now();
    let length = 0;
    for (let n = 0; n < 10_000; n++) {
      const set = [
        { path: ['hostname'], value: `edge-${n}` },
        { path: ['agent', 'env'], value: { A: 'b' } },
      ];
      const text = editBase(base, { provisioning: { ...pair, deviceId: `edge-${n}` }, set });
      length += Buffer.byteLength(text);
    }
    expect(length).toBeGreaterThan(10_000 * 18_951);
    // 0.3 s on a quiet machine; to parse the file for each device would take minutes.
    expect(performance.now() - began).toBeLessThan(10_000);
  });
});
