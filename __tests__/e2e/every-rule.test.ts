import { createHash } from 'node:crypto';
import { copyFileSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startHub } from '../../src/emulator/hub.ts';
import type { Report } from '../../src/model/report.ts';
import { leftOut } from '../../src/report/left-out.ts';
import { finding, type RuleName, ruleNames, rules } from '../../src/rules/rules.ts';
import { writeCertificate } from '../support/certificate.ts';
import { type Issued, issue, issueAuthority, joined } from '../support/chain.ts';
import { writeCertificates } from '../support/fleet.ts';
import { folderWith } from '../support/folder.ts';
import { devicesOf, renderWith, unreadableIn } from '../support/lowered.ts';
import { describeNeeding } from '../support/needing.ts';
import { makeCertificate, makeKey, withExponent } from '../support/openssl.ts';
import { runAction } from './runner.ts';

/** These rules need an answer of the hub. __tests__/plan and action.test.ts cover them. */
const needHub = [
  'plan/foreign',
  'plan/shared',
  'plan/stays',
  'plan/lockout',
  'plan/carried-certificate',
  'plan/inactive-device',
  'plan/re-enable',
  'plan/parent-removed',
  'plan/too-many-changes',
  'plan/differs-from-approved',
];

/**
 * These need the base of a pull request, or more folders than a test makes: __tests__/check.test.ts, manifest/from.test.ts and
 * identity/keys.test.ts.
 */
const needMore = [
  'manifest/base-unread',
  'manifest/search-bound',
  'config/hub-name-changes',
  'certificate/key-search-bound',
];

/** This rule needs a defect. __tests__/rules/guarded.test.ts covers it. */
const needDefect = ['device/not-checked'];

/** These are about deployments, which `validate` judges: __tests__/deployment/every-rule.test.ts. */
const needDeployment = ruleNames.filter((name) => name.startsWith('deployment/'));

/** Makes a unique thumbprint from a text. */
const digest = (text: string) => createHash('sha256').update(text).digest('hex').toUpperCase();
const own = (id: string) => `thumbprints: { primary: ${digest(`${id}1`)}, secondary: ${digest(`${id}2`)} }`;

/** Each faulty line ends in a comment that names the rule it breaks. */
function manifest(hub: string): string {
  return `version: 1
hub: ${hub}
defaults:
  runtime:
    version: "1.1" #! runtime/out-of-support
    platform: debian
  config: { hostname: edge.example }
devices:
  - id: good
    ${own('good')}
  - id: GOOD #! device/case-collision
    ${own('GOOD')}
  - id: good #! device/duplicate
    ${own('twice')}
  - { id: key, ${own('key')},
      certficates: {} } #! manifest/unknown-key
  - id: type
    ${own('type')}
    status: on #! manifest/type
  - id: "a b" #! device/id-characters
    ${own('a b')}
  - id: "1.23457E+11" #! device/id-shortened
    ${own('shortened')}
  - id: ${'x'.repeat(65)} #! device/id-too-long-for-cn
    ${own('long')}
  - id: child
    ${own('child')}
    parent: nobody #! device/parent-unknown config/unsupported-by-version
  - id: tagged
    ${own('tagged')}
    tags: { "site code": 7 } #! device/tags
  - id: circle
    ${own('circle')}
    parent: circle #! device/parent-cycle config/unsupported-by-version
  - id: missing
    certificates:
      primary: certs/nowhere.pem #! certificate/missing
      secondary: certs/missing-secondary.pem
  - id: unreadable
    certificates:
      primary: certs/unreadable.pem #! certificate/unreadable
      secondary: certs/unreadable-secondary.pem
  - id: outside
    certificates:
      primary: ../outside.pem #! certificate/outside-workspace
      secondary: certs/outside-secondary.pem
  - id: no-cn
    certificates:
      primary: certs/no-cn.pem #! certificate/no-cn
      secondary: certs/no-cn-secondary.pem
  - id: mismatch
    certificates:
      primary: certs/spare-primary.pem #! certificate/cn-mismatch
      secondary: certs/mismatch-secondary.pem
  - id: early
    certificates:
      primary: certs/early.pem #! certificate/not-yet-valid
      secondary: certs/early-secondary.pem
  - id: late
    certificates:
      primary: certs/late.pem #! certificate/expired
      secondary: certs/late-secondary.pem
  - id: soon
    certificates:
      primary: certs/soon.pem #! certificate/expires-soon
      secondary: certs/soon-secondary.pem
  - id: signer
    certificates:
      primary: certs/signer.pem #! certificate/signing-key certificate/no-digital-signature
      secondary: certs/signer-secondary.pem
  - id: authority
    certificates:
      primary: certs/authority.pem #! certificate/is-ca
      secondary: certs/authority-secondary.pem
  - id: server
    certificates:
      primary: certs/server.pem #! certificate/no-client-auth
      secondary: certs/server-secondary.pem
  - id: encrypts
    certificates:
      primary: certs/encrypts.pem #! certificate/signs-nothing
      secondary: certs/encrypts-secondary.pem
  - id: weak
    certificates:
      primary: certs/weak.pem #! certificate/weak-key
      secondary: certs/weak-secondary.pem
    runtime: { version: "1.6" }
  - id: small
    certificates:
      primary: certs/small.pem #! certificate/small-key
      secondary: certs/small-secondary.pem
  - id: useless
    certificates:
      primary: certs/useless.pem #! certificate/useless-key
      secondary: certs/useless-secondary.pem
  - id: sha1
    certificates:
      primary: certs/sha1.pem #! certificate/weak-signature
      secondary: certs/sha1-secondary.pem
  - id: windows
    certificates:
      primary: certs/windows.pem #! certificate/key-type-unsupported
      secondary: certs/windows-secondary.pem
    runtime: { platform: windows }
  - id: y2050
    certificates:
      primary: certs/y2050.pem #! certificate/year-2050
      secondary: certs/y2050-secondary.pem
  - id: y2038
    certificates:
      primary: certs/y2038.pem #! certificate/year-2038
      secondary: certs/y2038-secondary.pem
  - id: order
    certificates:
      primary: certs/order.pem #! certificate/chain-order
      secondary: certs/order-secondary.pem
  - id: several
    certificates:
      primary: certs/several.pem #! certificate/more-than-one
      secondary: certs/several-secondary.pem
  - id: broken
    certificates:
      primary: certs/broken.pem #! certificate/chain-broken
      secondary: certs/broken-secondary.pem
  - id: repeats
    certificates:
      primary: certs/repeats.pem #! certificate/chain-repeats
      secondary: certs/repeats-secondary.pem
  - id: old-chain
    certificates:
      primary: certs/old-chain.pem #! certificate/chain-not-valid
      secondary: certs/old-chain-secondary.pem
  - id: one-key
    certificates:
      primary: certs/one-key.pem
      secondary: certs/one-key-again.pem #! certificate/same-key-twice
  - id: shares
    thumbprints:
      primary: ${digest('good1')} #! certificate/shared-between-devices
      secondary: ${digest('shares')}
  - id: nothing #! thumbprint/missing
  - id: short
    thumbprints:
      primary: ABCDEF #! thumbprint/length
      secondary: ${digest('short')}
  - id: letters
    thumbprints:
      primary: ${digest('letters').slice(1)}O #! thumbprint/not-hex
      secondary: ${digest('letters2')}
  - id: mixed
    thumbprints:
      primary: ${digest('mixed')}
      secondary: ${digest('mixed2').slice(0, 40)} #! thumbprint/mixed-lengths
  - id: other
    certificates: { primary: certs/other-primary.pem, secondary: certs/other-secondary.pem }
    thumbprints:
      primary: ${digest('other')} #! thumbprint/mismatch
  - id: second
    thumbprints:
      secondary: ${digest('second')} #! thumbprint/only-secondary
  - id: colons
    thumbprints:
      primary: "${digest('colons').replace(/..(?=.)/g, '$&:')}" #! thumbprint/normalised
      secondary: ${digest('colons2')}
  - id: single
    thumbprints:
      primary: ${digest('single')} #! thumbprint/single
  - id: uri
    ${own('uri')}
    identity:
      certificate: certs/uri.pem #! config/uri
  - id: hostname
    ${own('hostname')}
    config: { hostname: 7_up } #! config/hostname
  - id: no-name
    ${own('no-name')}
    config: { hostname: "" } #! config/hostname-unusable
  - id: secret
    ${own('secret')}
    config: { agent: { env: { UPSTREAM: "HostName=a;SharedAccessKey=c2VjcmV0" } } } #! config/secret-in-manifest
  - id: path
    ${own('path')}
    runtime: { version: "1.6" }
    identity:
      certificate: "/var/lib/my certificates/path.pem" #! config/path-needs-encoding
  - id: dots
    ${own('dots')}
    identity:
      certificate: "file:///var/lib/x/../dots.pem" #! config/uri-read-otherwise
  - id: base
    ${own('base')}
    config: { base: nowhere.yaml } #! config/base
  - id: odd
    ${own('odd')}
    config: { base: odd.yml }
  - id: proxy
    ${own('proxy')}
    config: { proxy: { https: "proxy.example:3128" } } #! config/proxy
  - id: module
    ${own('module')}
    runtime: { version: "1.6" }
    identity: { privateKey: "pkcs11:token=edge;object=module;id=%01" } #! config/pkcs11 config/pkcs11-uri
    config: { hostname: null }
  - id: behind
    ${own('behind')}
    runtime: { version: "1.6" }
    parent: module #! config/no-parent-hostname
  - id: options
    ${own('options')}
    config: { agent: { createOptions: { Env: "A=b" } } } #! config/create-options
  - id: old-patch
    ${own('old-patch')}
    runtime: { version: "1.4" }
    config: { agent: { createOptions: { Labels: {}, User: me } } } #! config/create-options-old-patch
  - id: empty-name
    ${own('empty-name')}
    runtime: { version: "1.3" }
    config: { agent: { env: { "": x } } } #! config/empty-name
  - id: nameless
    ${own('nameless')}
    config: { agent: { env: { "": x } } } #! config/variable-without-name
  - id: garbage
    ${own('garbage')}
    runtime: { version: "1.6" }
    config: { imageGarbageCollection: { cleanupRecurrence: 36h } } #! config/refused-value
  - id: no-days
    ${own('no-days')}
    config: { edgeCa: { lifetimeDays: 0 } } #! config/edge-ca-of-no-days
  - id: placeholder
    ${own('placeholder')}
    config:
      agent:
        registry: { server: contoso.azurecr.io, username: me, passwordFrom: IOTEDGE_PW }
        env: { PULL: "\${IOTEDGE_PW}" } #! config/placeholder
  - id: elsewhere
    ${own('elsewhere')}
    hub: evil.example.com #! hub/not-allowed
  - id: short
    ${own('short')}
    hub: other #! hub/no-domain
  - id: back-end
    ${own('back-end')}
    hub: other.service.azure-devices.net #! hub/service-name
  - id: behind
    ${own('behind')}
    hub: other.device.azure-devices.net #! device/parent-hub-name
    parent: back-end #! config/unsupported-by-version
`;
}

/** A config.yaml that a device has edited. */
const odd = `agent: {}
hostname: "odd"
logs: {} #! config/base-unknown-key
connect: { management_uri: "unix:///m", workload_uri: "unix:///w" }
listen: { management_uri: "unix:///m", workload_uri: "unix:///w" }
homedir: "/h"
moby_runtime: { uri: "unix:///d" }
`;

/** A manifest that takes its devices from the certificates below `more`. */
function matching(hub: string): string {
  return `hub: ${hub}
defaults:
  runtime: { version: "1.1", platform: debian } #! runtime/out-of-support
  config: { hostname: edge.example }
devices:
  from: more/**/*.pem #! certificate/authority-left-out certificate/no-free-slot certificate/names-no-device manifest/link-not-followed
`;
}

/** A config.toml for each rule over one, with the version of the device. */
const bases: { readonly [Name in RuleName]?: readonly [version: string, text: string] } = {
  'config/base-syntax': [
    '1.5',
    '[provisioning]\nsource = "manual"\n[agent]\nname = "edgeAgent"\ntype = "docker"\nenv = { A = "b", } #! config/base-syntax\nconfig.image = "i"\n',
  ],
  'config/base-syntax-by-patch': [
    '1.4',
    'cert_issuance.est.auth = {}\n[cert_issuance.est.urls] #! config/base-syntax-by-patch\ndefault = "https://a.example"\n',
  ],
  'config/base-value': ['1.5', 'cloud_retries = "x" #! config/base-value\n[provisioning]\nsource = "manual"\n'],
  'config/base-dropped': [
    '1.5',
    '[provisioning]\nsource = "manual"\n[cert_issuance.est.auth]\nusername = "u" #! config/base-dropped\n',
  ],
  'config/base-renewing-identity': [
    '1.5',
    '[provisioning]\nsource = "manual"\n[provisioning.authentication]\nidentity_cert = { method = "est" } #! config/base-renewing-identity\n',
  ],
};

/** A manifest with a device on each of these. */
function onBases(hub: string): string {
  const devices = Object.entries(bases).map(([rule, [version]], index) => {
    const notice = index === 0 ? ' #! runtime/out-of-support' : '';
    const id = `on-base-${index}`;
    const runtime = `runtime: { version: "${version}", platform: debian }`;
    return `  - { id: ${id}, ${own(id)}, config: { base: ${baseFile(rule)}, hostname: h }, ${runtime} }${notice}\n`;
  });
  return `hub: ${hub}\ndevices:\n${devices.join('')}`;
}

const baseFile = (rule: string) => `${rule.replace('/', '-')}.toml`;
const baseFiles = Object.entries(bases).map(([rule, [, text]]): [string, string] => [baseFile(rule), text]);

/** Makes the chains, and the files below `more`: two certificates of a device, one too many, and the authority. */
async function chains(workspace: string): Promise<void> {
  const plant = await issueAuthority('Plant');
  const ended = await issueAuthority('Ended', { from: -20, to: -1 });
  const stranger = await issueAuthority('Stranger');
  const write = (name: string, ...chain: readonly Issued[]) => writeFileSync(join(workspace, name), joined(...chain));
  write('certs/order.pem', plant, await issue('order', { by: plant }));
  const signer = await issueAuthority('signer');
  write('certs/signer.pem', signer);
  write('certs/broken.pem', await issue('broken', { by: signer }), stranger);
  write('certs/several.pem', await issue('several'), await issue('several'));
  write('certs/repeats.pem', await issue('repeats', { by: plant }), plant, plant);
  write('certs/old-chain.pem', await issue('old-chain', { by: ended }), ended);
  await writeCertificates(join(workspace, 'more'), ['folder']);
  write('more/certs/ca.pem', plant);
  write('more/folder-primary.pem', await issue('folder'));
  await writeCertificate(join(workspace, 'more/nameless.pem'), { subject: [{ O: ['Contoso'] }] });
}

/** Makes the certificates beside the workspace, so that their keys stay outside of it. */
function certificates(workspace: string): void {
  const folder = folderWith();
  const day = (days: number) =>
    `${new Date(Date.now() + days * 86_400_000).toISOString().replace(/\D/g, '').slice(0, 14)}Z`;
  const valid = { start: day(-2), end: day(365) };
  const make = (name: string, more: object = {}) =>
    makeCertificate(folder, name, { subject: `/CN=${name}`, ...valid, ...more });
  make('no-cn', { subject: '/O=nobody' });
  make('early', { start: day(10), end: day(365) });
  make('late', { start: day(-20), end: day(-1) });
  make('soon', { end: day(10) });
  make('authority', { extensions: ['basicConstraints=critical,CA:TRUE'] });
  make('server', { extensions: ['extendedKeyUsage=serverAuth'] });
  make('encrypts', { extensions: ['keyUsage=critical,keyEncipherment'] });
  make('weak', { keyType: 'rsa1024' });
  make('small', { keyType: 'rsa1024' });
  make('useless', { keyType: 'rsa2048' });
  make('sha1', { digest: 'sha1' });
  make('windows', { keyType: 'p256' });
  make('windows-secondary', { subject: '/CN=windows', keyType: 'rsa2048' });
  make('y2050', { end: '20500101000000Z' });
  make('y2038', { end: '20400101000000Z' });
  make('one-key', { key: 'one.key.pem' });
  make('one-key-again', { subject: '/CN=one-key', key: 'one.key.pem' });
  for (const name of readdirSync(folder).filter((name) => name.endsWith('.pem'))) {
    copyFileSync(join(folder, name), join(workspace, 'certs', name));
  }
  const useless = join(workspace, 'certs/useless.pem');
  writeFileSync(useless, withExponent(readFileSync(useless, 'utf8'), 65538));
  writeFileSync(join(workspace, 'certs/unreadable.pem'), 'nothing that anybody could read\n');
}

/** Makes all certificates that the manifests name. */
async function material(workspace: string): Promise<void> {
  await writeCertificates(workspace, [
    ...'missing unreadable outside no-cn mismatch early late soon signer authority server encrypts weak small useless several sha1 y2050 y2038 order broken repeats old-chain other spare'.split(
      ' ',
    ),
  ]);
  certificates(workspace);
  await chains(workspace);
}

describeNeeding(['openssl'], 'a manifest with one fault of every rule', () => {
  it('has each reported once, at its line, and no call is made to the hub', { timeout: 300_000 }, async () => {
    const hub = await startHub();
    onTestFinished(() => hub.close());
    const folder = folderWith({
      'fleet/devices.yaml': manifest(hub.host),
      'fleet/syntax.yaml': 'version: 1\ndevices: [\n', // line 3
      'fleet/empty.yaml': 'version: 1\ndevices: []\n',
      'fleet/matching.yaml': matching(hub.host),
      'fleet/odd.yml': odd,
      'fleet/on-bases.yaml': onBases(hub.host),
      ...Object.fromEntries(baseFiles.map(([name, text]) => [`fleet/${name}`, text])),
      'fleet/two-hubs.yaml': `defaults: { runtime: { version: "1.1", platform: debian } }\ndevices:\n  - id: homeless\n    ${own('homeless')}\n`,
    });
    const workspace = join(folder, 'fleet');
    makeKey(join(workspace, 'stray.key.pem'), 'p256');
    await material(workspace);
    symlinkSync(folder, join(workspace, 'more/outside'));

    const otherHub = 'HostName=other.azure-devices.net;SharedAccessKeyName=iothubowner;SharedAccessKey=c2VjcmV0';
    const run = await runAction({
      workspace,
      event: { repository: { private: false, full_name: 'octo/fleet' } },
      inputs: {
        command: 'apply',
        manifest: '*.yaml',
        'connection-string': `${hub.connectionString}\n${otherHub}`,
        'ca-file': hub.caFile,
      },
    });

    const { findings } = JSON.parse(readFileSync(run.outputs['report-file']!, 'utf8'));
    const found = placed(findings).map(({ rule, file = '', line = '' }) => `${rule} ${file}:${line}`);
    const expected = [
      ...marked('devices.yaml', manifest(hub.host)),
      ...marked('matching.yaml', matching(hub.host)),
      ...marked('odd.yml', odd),
      ...marked('on-bases.yaml', onBases(hub.host)),
      ...baseFiles.flatMap(([name, text]) => marked(name, text)),
      'certificate/private-key-present stray.key.pem:1',
      'hub/ambiguous two-hubs.yaml:3',
      'manifest/empty empty.yaml:2',
      'manifest/syntax syntax.yaml:3',
      'runner/public-repository :',
      // From the defaults of this other manifest.
      'runtime/out-of-support two-hubs.yaml:1',
    ];
    expect(found.sort()).toEqual(expected.sort());
    const once = new Set(expected.map((line) => line.split(' ')[0]));
    expect([...once, ...needHub, ...needMore, ...needDefect, ...needDeployment].sort()).toEqual([...ruleNames].sort());
    for (const { rule, severity } of findings) expect(severity).toBe(rules[rule as keyof typeof rules].severity);

    expect(run.outputs.result).toBe('invalid');
    expect(run.code).toBe(1);
    expect(hub.counts().requests).toBe(0);
    // The runner shows ten annotations of a kind; the tenth counts the others.
    expect(run.stdout.match(/^::error /gm)).toHaveLength(10);
    const errors = placed(findings).filter(({ severity }) => severity === 'error').length;
    const more = `::error title=${errors} errors::${leftOut.annotations(errors - 9)}`;
    expect(run.stdout.split(/\r?\n/)).toContain(more);
  });
});

interface Found {
  readonly rule: string;
  readonly severity: string;
  readonly file?: string;
  readonly line?: number;
  readonly places?: readonly { readonly file: string; readonly line: number }[];
}

/** Equal findings are one with several places. Returns one for each of their lines, and for a notice one for each file. */
function placed(findings: readonly Found[]): readonly Found[] {
  const notices = new Set<string>();
  const all = findings.flatMap((finding) => {
    const { places = [finding], severity } = finding;
    const byLine = new Map(
      places.toReversed().map((place) => [`${place.file}${severity === 'notice' ? '' : place.line}`, place]),
    );
    return [...byLine.values()].map(({ file, line }) => {
      const { file: _, line: _line, ...rest } = finding;
      return { ...rest, ...(file === undefined ? {} : { file }), ...(line === undefined ? {} : { line }) };
    });
  });
  const inOrder = all.toSorted((one, other) => (one.line ?? 0) - (other.line ?? 0));
  return inOrder.filter(({ rule, severity, file = '' }) => {
    const known = notices.has(`${rule} ${file}`);
    notices.add(`${rule} ${file}`);
    return severity !== 'notice' || !known;
  });
}

/** Manifests for rules whose line above stands at a device that has another error too, or needs a second device. */
const alone: { readonly [Name in RuleName]?: readonly string[] } = {
  'config/no-parent-hostname': [
    `{ id: parent, ${own('parent')}, config: { hostname: null } }`,
    `{ id: child, ${own('child')}, parent: parent }`,
  ],
  'device/parent-hub-name': [
    `{ id: parent, ${own('parent')} }`,
    `{ id: child, ${own('child')}, parent: parent, hub: contoso.device.azure-devices.net }`,
  ],
  'config/pkcs11-uri': [
    `{ id: module, ${own('module')}, config: { pkcs11: { library: /l.so } }, identity: { privateKey: "pkcs11:token=t;object=o;id=%01" } }`,
  ],
};

/** A manifest in which, of all that cannot be lowered, nothing is wrong, and this rule finds something. */
function exampleOf(rule: RuleName): string {
  const hub = 'contoso.azure-devices.net';
  if (rule === 'certificate/authority-left-out') return matching(hub).replace('more/**/*.pem', 'more/certs/*.pem');
  const [version = '1.6'] = bases[rule] ?? [];
  const onBase = `{ id: on-base, ${own('on-base')}, config: { base: ${baseFile(rule)} } }`;
  const devices = bases[rule] === undefined ? alone[rule] : [onBase];
  if (devices !== undefined) {
    const defaults = `{ runtime: { version: "${version}", platform: debian }, config: { hostname: edge.example } }`;
    return `hub: ${hub}\ndefaults: ${defaults}\ndevices:\n${devices.map((device) => `  - ${device}\n`).join('')}`;
  }
  const wanted = rule === 'config/base-unknown-key' ? 'base: odd.yml' : rule;
  // What makes a certificate that of an authority is the one that it issued.
  const beside = (lines: string) => rule === 'certificate/signing-key' && names(lines, 'certificate/chain-broken');
  // The device that is good has nothing that its defaults have not.
  return devicesOf(
    manifest(hub),
    (lines) => (lines.includes('id: good\n') && !lines.includes('#!')) || names(lines, wanted) || beside(lines),
  );
}

/** Whether the comment of a line, or the line itself, names this. */
function names(lines: string, wanted: string): boolean {
  return new RegExp(`${wanted.replace('.', '\\.')}( |$)`, 'm').test(lines);
}

describeNeeding(['openssl'], 'a rule that may be lowered, lowered as far as it may be', () => {
  it('lets its device go on, and what is rendered can be read', { timeout: 300_000 }, async () => {
    const workspace = folderWith({ 'odd.yml': odd, ...Object.fromEntries(baseFiles) });
    await material(workspace);
    const lowest = new Map(ruleNames.map((rule) => [rule, rules[rule].adjustable ?? 'no']));
    for (const [rule, adjustable] of lowest) {
      const { severity } = rules[rule];
      if (adjustable === 'no' || needMore.includes(rule) || needDeployment.includes(rule)) continue;
      writeFileSync(join(workspace, 'devices.yaml'), exampleOf(rule));
      const ofDoor = rule === 'runner/public-repository' ? [finding(rule, rules[rule].example, {})] : [];
      // A line may break other rules of this kind too, which are lowered both times.
      const others = [...lowest].flatMap(([name, to]) => (to === 'no' || name === rule ? [] : [`${name}: ${to}`]));
      const render = (...more: string[]) =>
        renderWith(workspace, 'devices.yaml', [...others, ...more].join('\n'), ofDoor);
      const severities = (report: Report) =>
        report.findings.filter((one) => one.rule === rule).map((one) => one.severity);

      const before = await render();
      expect(severities(before), rule).toContain(severity);
      expect(before.result, rule).toBe(severity === 'error' ? 'invalid' : 'rendered');

      const lowered = await render(`${rule}: ${adjustable}`);
      expect(new Set(severities(lowered)), rule).toEqual(new Set(adjustable === 'off' ? [] : [adjustable]));
      expect(lowered.result, rule).toBe('rendered');
      expect(
        lowered.bundles.map(({ device }) => device),
        rule,
      ).toHaveLength(lowered.devices);
      expect(lowered.bundles.flatMap(unreadableIn), rule).toEqual([]);
      // Nothing else changes: each file is byte for byte the one that the rule as it stands would let through.
      const filesOf = ({ bundles }: Report) => bundles.map(({ files }) => files.map(({ name, text }) => [name, text]));
      if (before.result === 'rendered') expect(filesOf(lowered), rule).toEqual(filesOf(before));
    }
  });
});

/** Returns `rule devices.yaml:line` for every rule that a line is marked with. */
function marked(file: string, text: string): readonly string[] {
  return text.split('\n').flatMap((line, index) => {
    const names = line.split(' #! ')[1]?.split(' ') ?? [];
    return names.map((name) => `${name} ${file}:${index + 1}`);
  });
}
