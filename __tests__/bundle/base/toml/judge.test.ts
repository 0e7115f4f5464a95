// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders are what it is about
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { TomlBase } from '../../../../src/bundle/base/toml/base.ts';
import { judgeEdits, judgeToml } from '../../../../src/bundle/base/toml/judge.ts';
import type { Finding } from '../../../../src/model/finding.ts';
import type { TomlSyntax, ValueProblem } from '../../../../src/rules/base-toml.ts';
import { at, told } from '../../../support/finding.ts';
import { describeNeeding } from '../../../support/needing.ts';
import { deviceOf, type Wanted } from '../../material.ts';
import { baseOf } from './toml-material.ts';

const path = 'base/config.toml';

function judged(text: string, ...wanted: readonly Wanted[]): readonly Finding[] {
  const devices =
    wanted.length === 0 ? [deviceOf({ version: '1.6' })] : wanted.map((one) => deviceOf({ version: '1.6', ...one }));
  return judgeToml(path, text, devices, () => ({})).findings;
}

const agent = '[agent]\nname = "edgeAgent"\ntype = "docker"\nconfig = { image = "x" }\n';

describe('config/base-value', () => {
  it.each<[string, string, number, string, ValueProblem, string?]>([
    [
      'a number in quotes',
      'cloud_timeout_sec = "70"\n',
      1,
      'cloud_timeout_sec',
      { kind: 'type', expected: 'a whole number', found: 'text' },
    ],
    ['a small number', 'cloud_timeout_sec = 69\n', 1, 'cloud_timeout_sec', { kind: 'range', min: 70, found: '69' }],
    [
      'a fraction',
      'cloud_retries = 1.0\n',
      1,
      'cloud_retries',
      { kind: 'type', expected: 'a whole number', found: 'a number with a fraction' },
    ],
    [
      'another word',
      'auto_reprovisioning_mode = "dynamic"\n',
      1,
      'auto_reprovisioning_mode',
      { kind: 'word', words: ['Dynamic', 'AlwaysOnStartup', 'OnErrorOnly'], found: 'dynamic' },
    ],
    ['a path', 'trust_bundle_cert = "/x"\n', 1, 'trust_bundle_cert', { kind: 'url' }],
    ['a host', 'trust_bundle_cert = "https://x/y"\n', 1, 'trust_bundle_cert', { kind: 'no-file' }],
    ['no section', 'watchdog = 5\n', 1, 'watchdog', { kind: 'type', expected: 'a section', found: 'a whole number' }],
    ['no retries', '[watchdog]\nmax_retries = "5"\n', 2, 'watchdog.max_retries', { kind: 'retries' }],
    [
      'half an address',
      '# c\n[connect]\nworkload_uri = "unix:///w"\n',
      2,
      'connect',
      { kind: 'missing', name: 'management_uri' },
    ],
    [
      'a lack inside',
      `[agent]\nname = "a"\ntype = "docker"\n[agent.config]\n`,
      4,
      'agent.config',
      { kind: 'missing', name: 'image' },
    ],
    [
      'two names',
      'parent_hostname = "a"\nlocal_gateway_hostname = "a"\n',
      2,
      'local_gateway_hostname',
      { kind: 'twice', other: 'parent_hostname' },
    ],
    [
      'a parameter of nobody',
      '[aziot_keys]\nfancy = "x"\n',
      2,
      'aziot_keys.fancy',
      { kind: 'parameter', known: ['homedir_path', 'pkcs11_lib_path', 'pkcs11_base_slot'] },
    ],
    ['no slot', '[aziot_keys]\npkcs11_base_slot = "edge"\n', 2, 'aziot_keys.pkcs11_base_slot', { kind: 'slot' }],
    ['no key', '[preloaded_keys]\nk = "pkcs11:object=a"\n', 2, 'preloaded_keys.k', { kind: 'private-key' }],
    ['no form', '[edge_ca]\ncommon_name = "x"\n', 1, 'edge_ca', { kind: 'edge-ca-form' }],
    [
      'a lifetime of nothing',
      '[edge_ca]\nauto_generated_edge_ca_expiry_days = 0\n',
      2,
      'edge_ca.auto_generated_edge_ca_expiry_days',
      { kind: 'range', min: 1, found: '0' },
    ],
    [
      'an incomplete renewal',
      '[edge_ca]\nmethod = "est"\n[edge_ca.auto_renew]\nrotate_key = true\nretry = "4%"\n',
      3,
      'edge_ca.auto_renew',
      { kind: 'missing', name: 'threshold' },
    ],
    [
      'no time of a renewal',
      '[edge_ca]\nmethod = "est"\nauto_renew = { rotate_key = true, retry = "4%", threshold = "10d" }\n',
      3,
      'edge_ca.auto_renew.threshold',
      { kind: 'share-or-time' },
    ],
    [
      'a digest',
      `${agent.replace('"x"', '"x", digest = "d"')}`,
      4,
      'agent.config.digest',
      { kind: 'digest-behind-options' },
      '1.4.8',
    ],
  ])('%s', (_, text, line, key, problem, version = '1.6') => {
    const [first] = judged(text, { version });
    const expected = told('config/base-value', { path, key, problem, version });
    expect(first).toMatchObject({ ...expected, place: { file: path, line } });
  });

  it.each([
    ['a number where it begins', 'cloud_timeout_sec = 70\ncloud_retries = 0\n'],
    ['words and names', 'auto_reprovisioning_mode = "Dynamic"\nlocal_gateway_hostname = "a"\n'],
    [
      'whole sections',
      `${agent}[connect]\nworkload_uri = "unix:///w"\nmanagement_uri = "unix:///m"\n[watchdog]\nmax_retries = "Infinite"\n`,
    ],
    [
      'a renewal',
      '[edge_ca]\nauto_generated_edge_ca_expiry_days = 1\nauto_renew = { rotate_key = true, threshold = "99%", retry = "1min" }\n',
    ],
    [
      'an issued one',
      '[edge_ca]\nmethod = "est"\nurl = "https://x/"\nbootstrap_identity_cert = "file:///a"\nbootstrap_identity_pk = "pkcs11:token=a;object=b"\n',
    ],
    [
      'a network by its name or as a section',
      '[moby_runtime]\nuri = "unix:///d"\nnetwork = { name = "n", ipam = { config = [{ subnet = "s" }] } }\n',
    ],
    [
      'lists and addresses',
      '[preloaded_certs]\na = "file:///a"\nb = ["a"]\n[aziot_keys]\npkcs11_base_slot = "pkcs11:slot-id=0"\n',
    ],
    ['what becomes a comment', 'provisioning.source = 5\nprovisioning.fancy = 1\n'],
  ])('is silent about %s', (_, text) => expect(judged(text)).toEqual([]));

  it('counts what the manifest writes', () => {
    const lacking =
      '[agent]\nname = "edgeAgent"\ntype = "docker"\n[agent.config]\nimage = 5\n[edge_ca]\ncert = "file:///a"\n';
    expect(judged(lacking).length).toBe(2);
    const edgeCa = { certificate: '/a/ca.pem', privateKey: '/a/ca.key' };
    expect(judged(lacking, { config: { agent: { image: 'x' }, edgeCa } })).toEqual([]);
  });

  it('tells that the manifest’s edge CA would not count', () => {
    const findings = judged('[edge_ca]\nmethod = "est"\n', {
      config: { edgeCa: { certificate: '/a/ca.pem', privateKey: '/a/ca.key' } },
    });
    const problem = { kind: 'edge-ca-of-manifest', key: 'config.edgeCa.certificate', first: 'edge_ca.method' } as const;
    expect(findings).toMatchObject([
      { ...told('config/base-value', { path, key: 'edge_ca.method', problem, version: '1.6' }), place: at(path, 2, 1) },
    ]);
  });

  it('is told for each version whose devices it stops', () => {
    const findings = judged(
      'cloud_timeout_sec = 10\n',
      { version: '1.3', id: 'a' },
      { version: '1.5', id: 'b' },
      { version: '1.5', id: 'c' },
    );
    expect(findings.map(({ message }) => message)).toEqual([
      told('config/base-value', {
        path,
        key: 'cloud_timeout_sec',
        problem: { kind: 'range', min: 70, found: '10' },
        version: '1.5',
      }).message,
    ]);
  });
});

describe('config/base-unknown-key', () => {
  const unknown = (key: string, more: object) => told('config/base-unknown-key', { path, key, known: [], ...more });
  it.each([
    [
      'a key that begins later',
      '[tpm]\n',
      '1.3',
      'tpm',
      { problem: { kind: 'other-version', version: '1.3', since: '1.4' } },
    ],
    [
      'one inside a section',
      '[edge_ca]\nauto_generated_edge_ca_expiry_days = 3\nauto_renew = {}\n',
      '1.2',
      'edge_ca.auto_renew',
      { problem: { kind: 'other-version', version: '1.2', since: '1.3' } },
    ],
    [
      'one that ended',
      '[listen]\nworkload_uri = "fd://a"\nmanagement_uri = "fd://b"\nmin_tls_version = "tls1.2"\n',
      '1.5',
      'listen.min_tls_version',
      { problem: { kind: 'other-version', version: '1.5', last: '1.4' } },
    ],
    [
      'a key of the top behind a header',
      '[agent.env]\nparent_hostname = "gateway"\n',
      '1.6',
      'agent.env.parent_hostname',
      { problem: { kind: 'behind-header', header: 'agent.env' } },
    ],
  ] as const)('%s', (_, text, version, key, more) => {
    expect(judged(`${text}`, { version }).filter(({ rule }) => rule === 'config/base-unknown-key')).toMatchObject([
      unknown(key, more),
    ]);
  });

  it('tells what may be meant, at its line', () => {
    const [first, ...others] = judged('[watchdog]\nmax_retries = 5\n\n[watchdogs]\n');
    expect(others).toEqual([]);
    expect(first).toMatchObject({ rule: 'config/base-unknown-key', severity: 'warning', place: at(path, 4, 1) });
    expect(first?.message).toContain('"watchdog"');
  });

  it('tells a key of the top in another section', () => {
    const [first] = judged('[watchdog]\nmax_retries = 5\nhostname = "a"\n');
    expect(first?.message).toBe(
      told('config/base-unknown-key', {
        path,
        key: 'watchdog.hostname',
        known: [],
        problem: { kind: 'behind-header', header: 'watchdog' },
      }).message,
    );
  });

  it('takes __proto__ and the like for names', () => {
    const findings = judged('__proto__ = 1\n[constructor]\n[edge_ca]\nmethod = "est"\ntoString = 1\n');
    expect(findings.map(({ rule, place }) => [rule, place?.line])).toEqual([
      ['config/base-unknown-key', 1],
      ['config/base-unknown-key', 2],
      ['config/base-unknown-key', 5],
    ]);
  });
});

describe('config/base-dropped', () => {
  it.each([
    ['[cert_issuance.est.auth]\nusername = "u"\n', 'cert_issuance.est.auth.username', 'half-pair', 'password'],
    [
      '[cert_issuance.est.auth]\nidentity_cert = "file:///a"\nidentity_pk = 5\n',
      'cert_issuance.est.auth.identity_pk',
      'type',
      undefined,
    ],
    [
      '[edge_ca]\nmethod = "est"\nbootstrap_identity_pk = "file:///a"\n',
      'edge_ca.bootstrap_identity_pk',
      'half-pair',
      'bootstrap_identity_cert',
    ],
    ['[edge_ca]\nmethod = "self_signed"\nsubject = "CN=a"\n', 'edge_ca.subject', 'type', undefined],
    ['[edge_ca]\nmethod = "self_signed"\nurl = "https://x/"\n', 'edge_ca.url', 'other-form', 'edge_ca.method'],
    [
      '[edge_ca]\ncert = "file:///a"\npk = "file:///b"\nauto_renew = {}\n',
      'edge_ca.auto_renew',
      'other-form',
      'edge_ca.cert',
    ],
  ] as const)('%j', (text, key, problem, other) => {
    const details = { path, key, problem, ...(other === undefined ? {} : { other }) };
    expect(judged(text)).toMatchObject([told('config/base-dropped', details)]);
  });

  it('is silent about whole pairs', () => {
    expect(judged('[cert_issuance.est.auth]\nidentity_cert = "file:///a"\nidentity_pk = "file:///b"\n')).toEqual([]);
  });
});

describe('config/base-syntax', () => {
  it.each<[TomlSyntax, string]>([
    ['empty-key', '[agent.env]\n"" = "x"\n'],
    ['header-of-dotted', 'tpm.tcti = "x"\n[tpm.hierarchy_authorization]\n'],
    ['escape', 'hostname = "\\e"\n'],
    ['escape', '[agent.env]\n"\\x41" = "x"\n'],
    ['time-without-seconds', '[agent.config.createOptions]\na = 07:32\n'],
    ['line-break-in-braces', '[agent]\nenv = { A = "b",\n}\n'],
    ['comma-at-end-of-braces', '[agent]\nenv = { A = "b", }\n'],
  ])('%s in %j', (syntax, text) => {
    const found = (version: string) =>
      judged(text, { version })
        .filter(({ rule }) => rule.startsWith('config/base-syntax'))
        .map(({ rule, message }) => [rule, message]);
    const refused = (version: string, toml: string) => {
      const { rule, message } = told('config/base-syntax', { path, syntax, version, toml });
      return [rule, message];
    };
    const isOld = syntax === 'empty-key' || syntax === 'header-of-dotted';
    for (const version of ['1.2', '1.3.0']) expect(found(version)[0]).toEqual(refused(version, '0.5'));
    // From 1.4.0 on empty keys are read.
    expect(found('1.4.8')[0]).toEqual(syntax === 'empty-key' ? undefined : refused('1.4.8', '0.5'));
    for (const version of ['1.4.9', '1.5'])
      expect(found(version)[0]).toEqual(isOld ? undefined : refused(version, '1.0'));
    const warning = told('config/base-syntax-by-patch', { path, syntax });
    const byPatch = syntax === 'header-of-dotted' ? [warning.rule, warning.message] : undefined;
    expect(found('1.4')[0]).toEqual(isOld ? byPatch : refused('1.4', '1.0'));
    expect(found('1.6')).toEqual([]);
  });

  it('is silent about TOML 0.5', () => {
    const text =
      'hostname = \'a\\e\'\n[agent.env]\n\'\\x41\' = "\\\\e"\n[agent.config.createOptions]\na.b = [1, "x",\n# c\n]\nc = 07:32:00\nd = { e = "}," }\n';
    expect(judged(text, { version: '1.2' }).filter(({ rule }) => rule.startsWith('config/base-syntax'))).toEqual([]);
  });
});

describe('what holds for the same values in a manifest', () => {
  const options = (text: string, version = '1.6') =>
    judged(`${agent.replace('"x"', `"x", createOptions = ${text}`)}`, { version }).map(({ rule, severity, place }) => [
      rule,
      severity,
      place?.line,
    ]);

  it('options of a container are typed, and old versions cannot write all of them', () => {
    expect(options('{ HostConfig = { Privileged = "true" } }')).toEqual([['config/create-options', 'error', 4]]);
    const behind = '{ Labels = { a = "b" }, User = "root" }';
    expect(options(behind, '1.3').map(([rule]) => rule)).toEqual(['config/create-options']);
    expect(options(behind, '1.4').map(([rule, severity]) => [rule, severity])).toEqual([
      ['config/create-options-old-patch', 'warning'],
    ]);
    expect(options(behind)).toEqual([]);
    const memory = (number: string) => options(`{ HostConfig = { Memory = ${number} } }`).map(([rule]) => rule);
    expect([memory('5'), memory('5.0')]).toEqual([[], ['config/create-options']]);
    for (const large of ['9007199254740993', '-9_223_372_036_854_775_808', '0x7fffffffffffffff'])
      expect(memory(large)).toEqual([]);
  });

  it.each([
    ['cleanup_recurrence = "36h"', { kind: 'whole-days' }],
    ['image_age_cleanup_threshold = "7"', { kind: 'duration' }],
    ['cleanup_time = "24:00"', { kind: 'time' }],
  ] as const)('%s', (line, problem) => {
    const key = `image_garbage_collection.${line.split(' ')[0]}`;
    expect(judged(`[image_garbage_collection]\n${line}\n`)).toMatchObject([
      { ...told('config/base-value', { path, key, problem, version: '1.6' }), place: at(path, 2, 1) },
    ]);
  });
});

describe('what holds for a config.yaml too', () => {
  it('secrets, also in comments', () => {
    const findings = judged(
      '# x = "HostName=h;SharedAccessKey=c2VjcmV0"\n[cert_issuance.est.auth]\nusername = "u"\npassword = "c2VjcmV0"\n[aziot_keys]\npkcs11_base_slot = "pkcs11:token=a?pin-value=1234"\n',
    );
    expect(findings.map(({ rule, place }) => [rule, place?.line])).toEqual([
      ['config/secret-in-manifest', 4],
      ['config/secret-in-manifest', 6],
      ['config/secret-in-manifest', 1],
    ]);
    expect(JSON.stringify(findings)).not.toContain('c2VjcmV0');
  });

  it('placeholders that would be filled in', () => {
    const registry = { server: 's', username: 'u', passwordFrom: 'IOTEDGE_P' };
    const text = `${agent}[agent.env]\nA = "\${IOTEDGE_P}"\n# B = "\${IOTEDGE_P}"\n[provisioning]\nsource = "\${IOTEDGE_P}"\n`;
    const findings = judged(text, { config: { agent: { registry } } });
    expect(findings.map(({ rule, place }) => [rule, place?.line])).toEqual([['config/placeholder', 6]]);
  });

  it('an own host name, where the manifest has none', () => {
    const long = `# c\nhostname = "${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(63)}.e"\n`;
    const lines = (wanted: Wanted = {}) => judged(long, wanted).map(({ rule, place }) => [rule, place?.line]);
    expect(lines()).toEqual([[expect.stringContaining('config/hostname'), 2]]);
    expect(lines({ hostname: 'press-1' })).toEqual([]);
    // The device has its own name then.
    expect(judged('hostname = ""\n')).toEqual([]);
  });
});

describe('config/base-renewing-identity', () => {
  it.each([
    ['[provisioning.authentication.identity_cert]\nmethod = "est"\n', 'authentication', 'issued by "est"'],
    ['[provisioning.attestation]\nidentity_cert = { method = "local_ca" }\n', 'attestation', 'issued by "local_ca"'],
  ])('%j', (text, section, how) => {
    const key = `provisioning.${section}.identity_cert`;
    expect(judged(text)).toMatchObject([told('config/base-renewing-identity', { path, key, how })]);
  });

  it('is silent about a file', () =>
    expect(judged('[provisioning.authentication]\nidentity_cert = "file:///a"\n')).toEqual([]));
});

describe('config/base, of a config.toml', () => {
  it.each([
    ['no TOML', 'a = 1\nb = \n', 2, 'toml-syntax'],
    ['two headers', '[a]\n[a]\n', 2, 'toml-syntax'],
    ['too deep', `a = ${'['.repeat(200)}`, 1, 'too-deep'],
    ['a key of a thousand names', `${'a.'.repeat(1000)}b = 1`, 1, 'too-deep'],
    ['brackets alone', '['.repeat(100_000), 1, 'toml-syntax'],
  ])('%s', (_, text, line, kind) => {
    const findings = judged(text);
    expect(findings).toMatchObject([{ rule: 'config/base', place: { line } }]);
    if (kind === 'too-deep')
      expect(findings[0]?.message).toBe(told('config/base', { path, problem: { kind } }).message);
  });
});

describe('config/base, of a config.toml that is edited wrongly', () => {
  /** New settings would go behind the header. */
  const misread = (text: string): TomlBase => {
    const base: TomlBase = baseOf(text);
    base.root.room = text.length - 1;
    return base;
  };

  it('is told before anything is written', () => {
    const device = deviceOf({ version: '1.6', hostname: 'press-1' });
    const [first, ...others] = judgeEdits(misread('x = 1\n[watchdog]\n'), [device]);
    const problem = { kind: 'not-editable', detail: '' } as const;
    expect(first?.message.startsWith(told('config/base', { path, problem }).message)).toBe(true);
    expect([first?.device, others]).toEqual(['edge-001', []]);
    expect(judgeEdits(baseOf('x = 1\n[watchdog]\n'), [device])).toEqual([]);
  });
});

const templates = new URL('../../../../../shared/reference/iotedge/config.toml/', import.meta.url);

describeNeeding(['../shared/reference'], 'the packages’ own templates, judged', () => {
  it.each([
    ['1.2.10', '1.2.10'],
    ['1.6.1', '1.6'],
  ])('%s needs nothing', (name, version) => {
    expect(judged(readFileSync(new URL(`${name}/template.toml`, templates), 'utf8'), { version })).toEqual([]);
  });
});
