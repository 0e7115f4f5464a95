import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type DetailsOf, finding, type RuleName, ruleNames, rules } from '../../src/rules/rules.ts';
import { seenFrom } from '../../src/terminal/seen-from.ts';
import { branches, rendered } from '../rules/branches.ts';
import { issue, issueAuthority, joined } from '../support/chain.ts';
import { folderWith } from '../support/folder.ts';
import { itNeeding } from '../support/needing.ts';

/** The remedy as someone reads it who stands in this folder of the workspace. */
function remedyIn<Name extends RuleName>(folder: string, rule: Name, details: DetailsOf[Name]): string {
  const [seen] = seenFrom([finding(rule, details, {})], (file) => relative(`/w/${folder}`, `/w/${file}`) || file);
  return seen?.remedy ?? '';
}

describe('a command in a remedy', () => {
  it.each([
    ['fleet', 'certs/a.pem', '../certs/a.pem'],
    ['certs', 'certs/a.pem', 'a.pem'],
    ['certs', 'a.pem', '../a.pem'],
    ['fleet', "certs/it's a.pem", `'../certs/it'\\''s a.pem'`],
    ['a dir', 'certs/a.pem', '../certs/a.pem'],
    ['.', 'certs/a.pem', 'certs/a.pem'],
  ])('in %s names %s as %s', (folder, path, expected) => {
    const remedy = remedyIn(folder, 'certificate/unreadable', { path, problem: { kind: 'damaged' } });
    expect(remedy).toContain(` -in ${expected} -noout`);
  });

  it('names what it writes from there too', () => {
    const remedy = remedyIn('fleet', 'certificate/private-key-present', { path: 'certs/a.pfx', format: 'PKCS#12' });
    expect(remedy).toContain('-in ../certs/a.pfx -clcerts -nokeys -out ../certs/a.pem');
    const escaped = remedyIn('x', 'certificate/unreadable', { path: 'a.pem', problem: { kind: 'escaped' } });
    expect(escaped).toContain('$(cat ../a.pem)" >../a.certificate.pem.');
  });

  it('whose file has the name of a part of another is changed as a whole word', () => {
    const remedy = remedyIn('x', 'certificate/private-key-present', { path: 'a.pem', format: 'RSA' });
    expect(remedy).toContain('(git rm ../a.pem, then');
  });

  it('says which files it names, in every rule', () => {
    const all = [...branches, ...ruleNames.map((rule) => rendered(rule, rules[rule].example))];
    const naming = all
      .filter(({ remedy }) => /(?:openssl|cat|git rm)\b[^.]* \(?certs\//.test(remedy))
      .map(({ rule }) => rule);
    expect(naming.length).toBeGreaterThan(5);
    expect(naming.filter((rule) => rules[rule].commandFiles === undefined)).toEqual([]);
  });

  itNeeding(['openssl'], 'works where the user stands', async () => {
    const [root, other] = [await issueAuthority('Root'), await issueAuthority('Other')];
    const chain = joined(await issue('edge-001', { by: root }), other);
    const folder = folderWith({ 'certs/my chain.pem': chain });
    mkdirSync(join(folder, 'fleet'));
    const broken = { subject: 'CN=Other', of: 'CN=edge-001', issuer: 'CN=Root', why: 'stranger' } as const;
    const remedy = remedyIn('fleet', 'certificate/chain-broken', { path: 'certs/my chain.pem', ...broken });
    const [command = ''] = /openssl crl2pkcs7 .*? -print_certs -noout/.exec(remedy) ?? [];
    const printed = execFileSync('sh', ['-c', command], { cwd: join(folder, 'fleet'), encoding: 'utf8' });
    expect(printed).toMatch(/Other/);
  });
});
