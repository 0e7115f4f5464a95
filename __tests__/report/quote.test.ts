import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { check } from '../../src/check.ts';
import type { Finding } from '../../src/model/finding.ts';
import { Texts } from '../../src/model/texts.ts';
import type { Workspace } from '../../src/model/workspace.ts';
import { withQuotes } from '../../src/report/quote.ts';
import { plainStyle } from '../../src/report/text.ts';
import { type RuleName, ruleNames, rules } from '../../src/rules/rules.ts';
import { requestWithoutHub, worldWithoutHub } from '../support/check.ts';
import { fc, times } from '../support/property.ts';
import { findingOf } from './reports.ts';

const rule: RuleName = 'manifest/type';

/** The lines that are shown for the value `marked` of a file. */
function shown(text: string, marked: string, { file = 'd.yaml', columns = 80, parts = {} as Partial<Finding> } = {}) {
  const before = text.slice(0, text.indexOf(marked)).split('\n');
  const place = { file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
  return quoted(file, text, { rule, place, ...parts }, columns);
}

async function quoted(file: string, text: string, parts: Partial<Finding>, columns = 80): Promise<readonly string[]> {
  const texts = new Texts();
  texts.add(file, text);
  const finding = findingOf(parts);
  return (await withQuotes({ ...plainStyle, columns }, { texts, findings: [finding] })).source?.(finding) ?? [];
}

describe('the line of a finding', () => {
  it.each<[what: string, text: string, marked: string, line: string, carets: string]>([
    ['a plain value', 'a:\n  status: off', 'off', '     2 |   status: off', '       |           ^^^'],
    ['a value of several words, not its comment', 's: a b # c', 'a b', '     1 | s: a b # c', '       |    ^^^'],
    ['a value in quotes', 's: "a \\" b" # c', '"a', '     1 | s: "a \\" b" # c', '       |    ^^^^^^^^'],
    ['a value in braces', '{ s: a b, t: c }', 'a b', '     1 | { s: a b, t: c }', '       |      ^'],
    ['a key', '  stat: off', 'stat', '     1 |   stat: off', '       |   ^^^^'],
    ['a tab as two blanks', 'a:\tb', 'b', '     1 | a:  b', '       |     ^'],
    ['wide characters', 's: 修理 # 🏭', '修理', '     1 | s: 修理 # 🏭', '       |    ^^^^'],
    ['what stands behind wide characters', '修🏭: [ a, b ]', 'b', '     1 | 修🏭: [ a, b ]', '       |            ^'],
    ['combining characters', 'e\u0301\u0302: off', 'off', '     1 | e\u0301\u0302: off', '       |    ^^^'],
    [
      'characters that hide or turn, escaped',
      's\u202e: \u0007x',
      '\u0007x',
      '     1 | s\\u{202e}: \\u{7}x',
      `       | ${' '.repeat(11)}^^^^^^`,
    ],
    ['a line of Windows', 's: off\r\nt: on\r\n', 'off', '     1 | s: off', '       |    ^^^'],
  ])('marks %s', async (_, text, marked, line, carets) => {
    expect(await shown(text, marked)).toEqual([line, carets]);
  });

  it.each([
    ['more.csv', 'id,status\na,off and on,x', 'off', '     2 | a,off and on,x', '       |   ^^^^^^^^^^'],
    [
      'more.json',
      '{"id": "a", "status": "off"}',
      '"off"',
      '     1 | {"id": "a", "status": "off"}',
      `       | ${' '.repeat(22)}^^^^^`,
    ],
  ])('marks a value of %s', async (file, text, marked, line, carets) => {
    expect(await shown(text, marked, { file })).toEqual([line, carets]);
  });

  it('stands at its end where the fault is the end', async () => {
    expect(await quoted('d.yaml', 'a: [', { rule, place: { file: 'd.yaml', line: 1, column: 5 } })).toEqual([
      '     1 | a: [',
      '       |     ^',
    ]);
  });

  it('shows no more of an unknown key than the key, since nobody knows what it holds', async () => {
    const parts = { rule: 'manifest/unknown-key' };
    expect(await shown('  pasword: hunter2', 'pasword', { parts })).toEqual([
      '     1 |   pasword',
      '       |   ^^^^^^^',
    ]);
  });

  it('is cut on both sides of what is marked, to the width', async () => {
    const text = `${'b'.repeat(5_000)}, here, ${'修'.repeat(5_000)}`;
    for (const columns of [40, 80, 200]) {
      const [line = '', carets = ''] = await shown(text, 'here', { columns });
      expect(line).toMatch(/^ {5}1 \| …b+, here, 修+…$/);
      expect(carets.indexOf('^^^^')).toBe(line.indexOf('here'));
      expect(carets.trimEnd()).toMatch(/\| +\^{4}$/);
    }
  });

  it.each<[string, string, Partial<Finding>]>([
    ['without a place', 'status: off', { place: undefined }],
    ['whose file was not read', 'status: off', { place: { file: 'other.yaml', line: 1, column: 1 } }],
    ['behind the end of the file', 'status: off', { place: { file: 'd.yaml', line: 9, column: 1 } }],
    ['of an empty line', '  \nstatus: off', {}],
    ['of a binary file', 'status: \0off', {}],
    ['of a rule that is not about the line', 'status: off', { rule: 'manifest/base-unread' }],
    ['of no rule', 'status: off', { rule: 'not/known' }],
  ])('is not shown %s', async (_, text, parts) => {
    expect(await quoted('d.yaml', text, { rule, place: { file: 'd.yaml', line: 1, column: 1 }, ...parts })).toEqual([]);
  });

  it('has only characters that are seen, and no more columns than there are', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary', maxLength: 300 }),
        fc.nat(320),
        fc.nat(120),
        async (text, column, columns) => {
          const lines = await quoted(
            'd.yaml',
            text,
            { rule, place: { file: 'd.yaml', line: 1, column: column + 1 } },
            columns,
          );
          for (const line of lines) {
            expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
            expect(stringWidth(line)).toBeLessThanOrEqual(Math.max(columns, 19));
          }
        },
      ),
      times(200),
    );
  });
});

const secret = 'hunter2XyZ';

/** Lines that hold a secret, for any finding on them. */
const secretLines: readonly (readonly [file: string, text: string, line: number])[] = [
  ['d.yaml', `password: ${secret}`, 1],
  ['d.yaml', `  passwordFrom: ${secret}`, 1],
  ['d.yaml', `env: { DB_PASSWD: ${secret}, A: b }`, 1],
  ['d.yaml', `- ClientSecret=${secret}`, 1],
  ['d.yaml', `API_KEY: ${secret}`, 1],
  ['d.yaml', `X: HostName=h;SharedAccessKey=${secret}`, 1],
  ['d.yaml', `X: https://a.blob/c?sv=1&sig=${secret}`, 1],
  ['d.yaml', `X: SharedAccessSignature sr=h&${secret}`, 1],
  ['d.yaml', `https: http://me:${secret}@proxy:3128`, 1],
  ['d.yaml', `image: me:${secret}@registry.example/agent:1`, 1],
  ['d.yaml', `X: pkcs11:object=a?pin-value=${secret}`, 1],
  ['d.yaml', `X: Bearer ${secret}`, 1],
  ['d.yaml', `X: ${secret}${secret}${secret}`, 1],
  ['d.yaml', `password:\n  ${secret}`, 2],
  ['d.yaml', `token: >-\n\n  a\n  ${secret}`, 4],
  ['d.yaml', `X: |\n${'  line\n'.repeat(30)}  ${secret}`, 32],
  ['d.yaml', `X: |\n  -----BEGIN PRIVATE KEY-----\n  ${secret}\n`, 3],
  ['d.yaml', `X: |\n  -----BEGIN RSA PRIVATE KEY-----\n  Proc-Type: 4\n  ${secret}`, 4],
  ['d.yaml', `{ ${'a: b, '.repeat(2_000)}password: ${secret} }`, 1],
  ['d.csv', `id,status\na,SharedAccessKey=${secret}`, 2],
  ['d.json', `{ "password":\n"${secret}" }`, 2],
  ['d.csv', `id,config.agent.env.DB_PASSWORD\na,${secret}`, 2],
  ['config.toml', `[auth]\npassword = """\n${secret}"""`, 3],
];

describe('no secret is shown', () => {
  it.each(ruleNames)('by %s', async (name) => {
    for (const [file, text, line] of secretLines) {
      const own = text.split('\n')[line - 1] ?? '';
      for (const column of [1, own.indexOf(secret) + 1]) {
        const lines = await quoted(file, text, { rule: name, place: { file, line, column } });
        expect(lines.join('\n'), text.slice(-200)).not.toContain(secret);
      }
    }
    const harmless = await quoted('d.yaml', 'status: off', {
      rule: name,
      place: { file: 'd.yaml', line: 1, column: 9 },
    });
    const ofSecrets = rules[name].refusedBy.some((by) => by.who === 'this action' && by.since === 'secret');
    expect(harmless).toHaveLength(ofSecrets || rules[name].line === 'hidden' ? 0 : 2);
  });

  it('by a finding beside one about a secret, on the same line', async () => {
    const texts = new Texts();
    texts.add('d.yaml', `{ status: off, X: ${secret} }\nstatus: off`);
    const place = (line: number) => ({ file: 'd.yaml', line, column: 11 });
    const findings = [
      findingOf({ rule, place: place(1) }),
      findingOf({ rule: 'config/secret-in-manifest', place: { ...place(1), column: 19 } }),
      findingOf({ rule, place: place(2) }),
    ];
    const style = await withQuotes(plainStyle, { texts, findings });
    expect(findings.map((finding) => style.source?.(finding).length)).toEqual([0, 0, 2]);
  });

  const manifest = `version: 1
defaults: { runtime: { version: "1.1", platform: debian } }
devices:
  - id: edge-001
    status: off
    thumbprints: { primary: xyz }
    config:
      agent:
        env: { DB_PASSWORD: "${secret}", PROXY: 'http://me:${secret}@proxy', A: b }
        registry: { server: r.example, username: u, password: ${secret} }
        createOptions:
          Env: [ "A=b", "TOKEN=${secret}" ]
      proxy:
        https: http://me:${secret}@proxy:3128
  - id: edge-002
    config: { agent: { env: { CERT: "-----BEGIN \\
          PRIVATE KEY-----${secret}" } } }
`;
  const structure = [...'[]{}:,#-"\'|>&*!\n\t ', '\n  ', ': '];

  it('by any finding of a manifest that was broken by one sign', async () => {
    let faults = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.nat(manifest.length),
        fc.constantFrom(...structure),
        fc.boolean(),
        async (where, sign, out) => {
          // A word stays whole: nobody can tell that the rest of one is the name of a secret.
          const at = /(?<!\w)|(?!\w)/g;
          at.lastIndex = where;
          const found = at.exec(manifest)?.index ?? 0;
          const removed = out && !/\w/.test(manifest[found] ?? 'x') ? 1 : 0;
          const text = manifest.slice(0, found) + (removed ? '' : sign) + manifest.slice(found + removed);
          const { findings, texts } = await check(requestWithoutHub('/srv', ['d.yaml'], 'validate'), inMemory(text));
          const style = await withQuotes(plainStyle, { texts, findings });
          faults += findings.length;
          for (const finding of findings) expect(style.source?.(finding).join('\n'), text).not.toContain(secret);
        },
      ),
      times(60),
    );
    expect(faults).toBeGreaterThan(60);
  });
});

function inMemory(text: string) {
  const workspace: Workspace = {
    root: '/srv',
    read: (path) =>
      path === 'd.yaml'
        ? { ok: true, bytes: Buffer.from(text) }
        : { ok: false, why: 'missing', detail: 'it does not exist' },
    find: async (files) => ({ files, missing: [] }),
    filesBelow: () => ({ files: [] }),
    spelled: (path) => path,
    ignored: async () => new Set(),
  };
  return worldWithoutHub(workspace);
}
