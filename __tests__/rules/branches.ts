import type { TomlSyntax, ValueProblem } from '../../src/rules/base-toml.ts';
import type { ProxyProblem, SecretKind } from '../../src/rules/config.ts';
import type { HubLimit } from '../../src/rules/deployment-content.ts';
import type { RouteConditionFault, RouteFault } from '../../src/rules/deployment-route.ts';
import type { ValueFault } from '../../src/rules/deployment-words.ts';
import type { HostnameProblem } from '../../src/rules/hostname.ts';
import { type DetailsOf, type RuleName, rules } from '../../src/rules/rules.ts';
import type { Unsupported } from '../../src/rules/unsupported.ts';
import type { PlaceProblem } from '../../src/rules/uri.ts';

/** Details of a rule that lead to other words than its example does. */
export interface Branch {
  readonly rule: RuleName;
  readonly message: string;
  readonly remedy: string;
}

/** What a rule says about these details, not yet scrubbed of secrets. */
export function rendered<Name extends RuleName>(rule: Name, details: DetailsOf[Name]): Branch {
  const { message, remedy } = rules[rule];
  return { rule, message: message(details), remedy: remedy(details) };
}

function all<Name extends RuleName>(rule: Name, ...details: readonly DetailsOf[Name][]): readonly Branch[] {
  return details.map((one) => rendered(rule, one));
}

const file = 'fleet/devices.yaml';
const path = 'certs/edge-001.pem';
const status = { field: 'status', before: 'enabled', after: 'disabled' };
const parent = { field: 'parent', before: null, after: 'gateway-01' };

const valueFaults: readonly ValueFault[] = [
  { kind: 'missing', key: 'modules.m.settings', isNull: false },
  { kind: 'missing', key: 'modules.m.settings', isNull: true },
  { kind: 'missing', key: 'modules.m.status', isNull: false, meant: 'staus' },
  { kind: 'type', key: 'modules.m.x', expected: 'text', found: '{}' },
  { kind: 'env', key: 'modules.m.env._comment', name: '_comment', found: '"x"' },
  { kind: 'env', key: 'modules.m.env.A', name: 'A', found: 'a list' },
  { kind: 'word', key: 'modules.m.status', words: ['running', 'stopped'], found: '"started"' },
  { kind: 'whole', key: 'modules.m.startupOrder', type: 'uint32', found: '-1' },
  { kind: 'whole', key: 'K.Hard', type: 'int64', found: '"1k"' },
  { kind: 'blank', key: 'K.username' },
  { kind: 'docker', key: 'runtime.type', found: '"Docker"' },
];

const routeFaults: readonly RouteFault[] = [
  { kind: 'no source' },
  { kind: 'syntax', found: '', expected: ['sink'] },
  { kind: 'system sink', name: '$downstream' },
  { kind: 'function sink', name: 'Endpoint' },
  { kind: 'blank address' },
  { kind: 'address parts', count: 3 },
];

const conditionFaults: readonly RouteConditionFault[] = [
  { kind: 'operands', operator: '=', found: ['bool', 'number'], expected: ['number', 'number'] },
  { kind: 'no operator', operator: '-', found: ['body'] },
  { kind: 'unknown function', name: 'foo' },
  { kind: 'unknown function', name: 'lenght', near: 'length' },
  { kind: 'arguments', name: 'abs', found: [] },
  { kind: 'arguments', name: 'abs', found: ['string'] },
  { kind: 'unknown character', character: ';' },
  { kind: 'missing parenthesis' },
  { kind: 'extra parenthesis' },
  { kind: 'unterminated string' },
  { kind: 'too deep' },
  { kind: 'body path', path: '$body.[' },
];

const places: readonly PlaceProblem[] = [
  { kind: 'empty' },
  { kind: 'control-character' },
  { kind: 'encoded-control-character' },
  { kind: 'windows-path' },
  { kind: 'linux-path' },
  { kind: 'folder' },
  { kind: 'dots' },
  { kind: 'not-in-module' },
  { kind: 'module-scheme' },
  { kind: 'module-place' },
  { kind: 'module-slot' },
  { kind: 'module-not-utf8' },
  { kind: 'no-drive' },
  { kind: 'dot-or-space-at-end' },
  { kind: 'no-slashes' },
  { kind: 'backslash' },
  { kind: 'fragment' },
  { kind: 'query' },
  { kind: 'port' },
  { kind: 'invalid-windows-uri' },
  { kind: 'invalid-uri' },
  { kind: 'no-script' },
  { kind: 'runtime-configuration' },
  { kind: 'daemon-configuration' },
  { kind: 'systemd-settings' },
  { kind: 'scheme', scheme: 'http' },
  { kind: 'windows-character', character: '<' },
  { kind: 'windows-device', name: 'con' },
  { kind: 'host', host: 'H' },
  { kind: 'taken', other: 'identity.privateKey' },
];

const base = 'base/config.toml';

const syntaxes: readonly TomlSyntax[] = [
  'empty-key',
  'header-of-dotted',
  'escape',
  'time-without-seconds',
  'line-break-in-braces',
  'comma-at-end-of-braces',
];

const values: readonly ValueProblem[] = [
  { kind: 'type', expected: 'text in quotes', found: 'a list' },
  { kind: 'word', words: ['est', 'local_ca'], found: 'EST' },
  { kind: 'range', min: 1, max: 9, found: '0' },
  { kind: 'missing', name: 'image' },
  { kind: 'url' },
  { kind: 'no-file' },
  { kind: 'private-key' },
  { kind: 'share-or-time' },
  { kind: 'retries' },
  { kind: 'slot' },
  { kind: 'duration' },
  { kind: 'whole-days' },
  { kind: 'time' },
  { kind: 'twice', other: 'parent_hostname' },
  { kind: 'digest-behind-options' },
  { kind: 'parameter', known: ['pkcs11_lib_path', 'pkcs11_base_slot'] },
  { kind: 'edge-ca-form' },
  { kind: 'edge-ca-of-manifest', key: 'config.edgeCa.certificate', first: 'edge_ca.method' },
];

const hostnames: readonly HostnameProblem[] = [
  { kind: 'empty-label' },
  { kind: 'address' },
  { kind: 'length', length: 65 },
  { kind: 'label', label: 'L', problem: { kind: 'begin' } },
  { kind: 'label', label: 'L', problem: { kind: 'end' } },
  { kind: 'label', label: 'L', problem: { kind: 'length', length: 64 } },
  { kind: 'label', label: 'L', problem: { kind: 'character', character: '_' } },
];

const unsupported: readonly Unsupported[] = [
  { kind: 'no-manual-x509' },
  { kind: 'unknown-version' },
  { kind: 'windows-ended' },
  { kind: 'begins', key: 'config.parentHostname', since: '1.2', feature: 'nested-edge' },
  { kind: 'begins', key: 'config.pkcs11', since: '1.2', feature: 'security-modules' },
  { kind: 'begins', key: 'config.autoReprovisioningMode', since: '1.2' },
  { kind: 'ended', key: 'config.dynamicReprovisioning' },
  { kind: 'other-platform', key: 'runtime.containerOs', platform: 'Windows' },
  { kind: 'other-platform', key: 'config.network.ipv6', platform: 'Linux' },
  { kind: 'linux-containers', key: 'config.proxy' },
  { kind: 'trust-bundle-alone' },
  { kind: 'edge-ca-alone' },
  { kind: 'lifetime-of-named-certificate' },
  { kind: 'infinite-on-base' },
  { kind: 'agent-without-parents' },
  { kind: 'registry-not-of-image' },
  { kind: 'path-for-powershell' },
  { kind: 'base-key', path: 'base/config.yaml', key: 'tpm', since: '1.2' },
  { kind: 'base-key', path: 'base/config.yaml', key: 'edge_ca', since: '1.2', instead: 'certificates' },
];

const secrets: readonly SecretKind[] = [
  'private-key',
  'storage-account-key',
  'shared-access-signature',
  'symmetric-key',
  'module-pin',
  'password-in-address',
  'password',
  'by-name',
];

const proxies: readonly ProxyProblem[] = ['invalid', 'user-name', 'more-than-host', 'characters', { scheme: 'ftp' }];

/** Every branch of every message and remedy, besides those of the examples. */
const hubLimits: readonly HubLimit[] = [
  { kind: 'depth' },
  { kind: 'key size' },
  { kind: 'integer' },
  { kind: 'null in list' },
  { kind: 'text', bytes: 5000 },
  { kind: 'key character', character: ' ', name: 'my sensor' },
  { kind: 'key character', character: '\u0007', name: 'a\u0007' },
  { kind: 'key character', character: '$', name: '$a' },
];

export const branches: readonly Branch[] = [
  ...all(
    'manifest/syntax',
    { kind: 'unread', file, why: 'missing', detail: 'D' },
    { kind: 'unread', file, why: 'outside', detail: 'D' },
    { kind: 'unread', file, why: 'too-large', detail: 'D' },
    { kind: 'unread', file, why: 'unreadable', detail: 'D' },
    { kind: 'not-utf8', file },
    { kind: 'no-format', file },
    { kind: 'lfs-pointer', file },
    { kind: 'utf-16', file },
    { kind: 'json', code: 'CloseBracketExpected' },
    { kind: 'too-deep', levels: 32 },
    { kind: 'too-many-aliased', most: 100_000 },
    { kind: 'too-many', what: 'parts', most: 4_000_000 },
    { kind: 'too-many', what: 'keys', most: 10_000 },
    { kind: 'too-many', what: 'columns', most: 1_000 },
    { kind: 'too-many', what: 'cells', most: 3_000_000 },
    { kind: 'too-many', what: 'devices', most: 250_000 },
    { kind: 'key-too-long', most: 1024 },
    { kind: 'row-too-long', most: 1_048_576 },
    { kind: 'grows', what: 'values', most: 5_000_000 },
    { kind: 'grows', what: 'characters', most: 268_435_456 },
    { kind: 'more-faults' },
    { kind: 'alias-unknown', alias: 'a' },
    { kind: 'alias-inside-itself', alias: 'a' },
    { kind: 'parser', message: 'Tabs are not allowed as indentation' },
    { kind: 'column-twice', column: 'id' },
    { kind: 'cell-without-column', cell: 'say "x"' },
    { kind: 'quote-not-closed' },
    { kind: 'text-behind-quote' },
    { kind: 'quote-in-cell' },
  ),
  ...all('manifest/unknown-key', { key: 'k', where: 'a device', known: ['id', 'hub'] }),
  ...all(
    'manifest/type',
    { key: 'k', expected: 'text', found: 'a map' },
    { key: 'k', expected: 'text', found: 'true', remedy: 'quotes' },
    { key: 'a device', expected: 'a map', found: 'nothing', remedy: 'device' },
    { key: 'devices.from', expected: 'globs', found: 'nothing', remedy: 'from' },
    { problem: 'no-column', key: 'id', known: ['id', 'hub'] },
    { problem: 'null-in-list', key: 'config.agent.createOptions.Env.1' },
    { problem: 'no-runtime', key: 'runtime.version' },
    { problem: 'half-character', key: 'k' },
    { problem: 'control-character', key: 'k', character: 'U+0000' },
    { problem: 'inexact-number', key: 'k', number: 2 ** 53 },
    { problem: 'no-subnet', key: 'k', found: undefined },
    { problem: 'no-subnet', key: 'k', found: 'F' },
    { problem: 'no-range', key: 'k', found: 'F' },
    { problem: 'no-address', key: 'k', found: 'F' },
    { problem: 'range-outside', key: 'k', found: 'F', subnet: '172.18.0.0/16' },
    { problem: 'address-outside', key: 'k', found: 'F', subnet: '172.18.0.0/16' },
  ),
  ...all(
    'manifest/empty',
    { pattern: '*.yaml' },
    { file: 'devices.csv', table: true },
    { from: 'certs/*.pem' },
    { from: 'certs/{id}.pem' },
    { from: 'certs\\*.pem' },
    { pattern: 'fleet\\*.yaml' },
  ),
  ...all(
    'manifest/link-not-followed',
    { pattern: '**', links: ['a', 'b'] },
    { pattern: '**', links: ['a', 'b', 'c', 'd', 'e'] },
  ),
  ...all('manifest/search-bound', { pattern: '*a*b*c*', bound: { most: 3, of: 'stars' } }),
  ...all('manifest/base-unread', { file, said: 'S', more: 2 }),
  ...all(
    'config/base-unknown-key',
    { path: base, key: 'fancy', known: [] },
    { path: base, key: 'tpm', known: [], problem: { kind: 'other-version', version: '1.3', since: '1.4' } },
    { path: base, key: 'listen.x', known: [], problem: { kind: 'other-version', version: '1.5', last: '1.4' } },
    { path: base, key: 'agent.env.hostname', known: [], problem: { kind: 'behind-header', header: 'agent.env' } },
  ),
  ...syntaxes.flatMap((syntax) => all('config/base-syntax', { path: base, syntax, version: '1.3', toml: '0.5' })),
  ...values.flatMap((problem) => all('config/base-value', { path: base, key: 'KEY', problem, version: '1.6' })),
  ...all(
    'config/base-dropped',
    { path: base, key: 'edge_ca.subject', problem: 'type' },
    { path: base, key: 'edge_ca.url', problem: 'other-form', other: 'edge_ca.cert' },
  ),
  ...all(
    'device/id-characters',
    { id: '', problem: 'empty' },
    { id: 'x', problem: { length: 129 } },
    { id: 'a/b', problem: { character: '/' } },
    { id: 'edge 1', problem: { commonNameOf: path } },
  ),
  ...all(
    'device/tags',
    { key: 'tags', problem: 'empty-name' },
    { key: 'tags.provisionIotEdge', problem: 'reserved-name' },
    { key: 'tags.a', problem: 'list' },
    { key: 'tags.a', problem: 'not-a-number' },
    { key: 'tags.a', problem: { character: '$' } },
    { key: 'tags.a', problem: { nameLimit: 1024 } },
    { key: 'tags.a', problem: { levelLimit: 10 } },
    { key: 'tags', problem: { bytes: 8193, limit: 8192 } },
    { key: 'tags.a', problem: { textBytes: 4097, limit: 4096 } },
    { key: 'tags.a', problem: { integer: 2 ** 52, range: [-4, 5] } },
  ),
  ...all(
    'certificate/unreadable',
    { path, problem: { kind: 'unread', detail: 'D' } },
    { path, problem: { kind: 'damaged' } },
    { path, problem: { kind: 'lfs-pointer' } },
    { path, problem: { kind: 'utf-16' } },
    { path, problem: { kind: 'escaped' } },
    { path, problem: { kind: 'no-end' } },
    { path, problem: { kind: 'no-certificate' } },
    { path, problem: { kind: 'public-key' } },
    { path, problem: { kind: 'request' } },
    { path, problem: { kind: 'pkcs12' } },
    { path, problem: { kind: 'pkcs7', form: 'pem' } },
    { path, problem: { kind: 'pkcs7', form: 'der' } },
    { path, problem: { kind: 'other-pem', label: 'X509 CRL' } },
    { path, problem: { kind: 'damaged-in-chain', number: 2, count: 3 } },
    { path, problem: { kind: 'too-many', count: 17, most: 16 } },
    { path, problem: { kind: 'field', message: 'F' } },
    { path, problem: { kind: 'field-in-chain', message: 'F' } },
  ),
  ...all('certificate/missing', { path: 'certs\\edge-001.pem' }),
  ...all('certificate/is-ca', { path, maySign: true }),
  ...all('certificate/no-digital-signature', { path, usages: [] }),
  ...all('certificate/signs-nothing', { path, usages: [] }),
  ...all('certificate/weak-key', { path, bits: 1024, authority: 'CN=Plant CA' }),
  ...all('certificate/small-key', { path, bits: 1024, version: '1.1', authority: 'CN=Plant CA' }),
  ...all('certificate/weak-signature', { path, digest: 'SHA-1', authority: 'CN=Plant CA' }),
  ...all('certificate/useless-key', { path, exponent: '65538' }),
  ...all('certificate/authority-left-out', { path }),
  ...all('certificate/cn-mismatch', { path, commonNames: ['a', 'b"'], id: 'a' }),
  ...all('certificate/names-no-device', { path, commonNames: ['a', 'b"'] }),
  ...all('certificate/expires-soon', { path, id: 'a', slot: 'secondary', notAfter: '2026-12-01T12:00:00Z', days: 1 }),
  ...all(
    'certificate/chain-broken',
    { path, subject: 'CN=S', of: 'CN=O', issuer: 'CN=I', why: 'may-not-sign' },
    { path, subject: 'CN=S', of: 'CN=O', issuer: 'CN=I', why: 'stranger' },
    { path, subject: 'CN=S', of: 'CN=O', issuer: 'CN=I', why: 'behind-root' },
  ),
  ...all('certificate/chain-not-valid', { path, issuer: 'CN=I', validity: { begins: '2030-01-01T00:00:00Z' } }),
  ...all(
    'certificate/key-type-unsupported',
    { path, key: { algorithm: 'Ed25519' } },
    { path, key: { algorithm: 'DSA' } },
    { path, key: { curve: 'secp384r1', version: '1.1', only: 'rsa' } },
  ),
  ...all('certificate/private-key-present', { path, format: 'PKCS#12' }),
  ...all(
    'certificate/shared-between-devices',
    { other: 'edge-001', at: 'devices.yaml:12', shared: { certificate: path } },
    { other: 'edge-001', at: 'devices.yaml:12', shared: { keyOf: path } },
  ),
  ...all('certificate/same-key-twice', { same: 'certificate' }),
  ...all(
    'thumbprint/normalised',
    { dropped: [{ kind: 'mark', text: 'U+200E', count: 1 }] },
    { dropped: [{ kind: 'mark', text: 'U+200E', count: 2 }] },
    { dropped: [{ kind: 'label', text: 'SHA1 Fingerprint=', count: 1 }] },
    {
      dropped: [
        { kind: 'dash', count: 2 },
        { kind: 'dot', count: 1 },
        { kind: 'space', count: 1 },
      ],
    },
  ),
  ...all('thumbprint/only-secondary', { what: 'certificate' }),
  ...all(
    'config/uri',
    ...places.map((problem) => ({ key: 'identity.certificate', value: 'V', problem, expected: 'file:///E' })),
  ),
  ...all('config/hostname', ...hostnames.map((problem) => ({ key: 'config.hostname', hostname: 'H', problem }))),
  ...all('config/hostname-unusable', {
    key: 'config.hostname',
    hostname: 'H',
    problem: { kind: 'length', length: 65 },
  }),
  ...all('config/unsupported-by-version', ...unsupported.map((problem) => ({ problem, version: '1.1' }))),
  ...all('config/secret-in-manifest', ...secrets.map((what) => ({ key: 'K', what }))),
  ...all('config/pkcs11', { kind: 'pin-alone' }),
  ...all(
    'config/pkcs11-uri',
    { key: 'K', remark: { kind: 'dropped', parts: [], others: 1 } },
    { key: 'K', remark: { kind: 'dropped', parts: ['id', 'pin-source'], others: 2 } },
    { key: 'K', remark: { kind: 'token-beside-slot' } },
    { key: 'K', remark: { kind: 'twice', part: 'object' } },
    { key: 'K', remark: { kind: 'no-object' } },
  ),
  ...all(
    'config/create-options',
    { problem: { kind: 'behind-table', key: 'K.Privileged', behind: 'PortBindings' }, version: '1.3' },
    { problem: { kind: 'mixed-list', key: 'K.Extra' }, version: '1.3' },
  ),
  ...all('config/create-options-old-patch', { problem: { kind: 'mixed-list', key: 'K.Extra' }, version: '1.4' }),
  ...all(
    'config/refused-value',
    { key: 'K', problem: 'no-duration', found: '1D', version: '1.5' },
    { key: 'K', problem: 'no-time', found: '24:00', version: '1.5' },
    { key: 'K', problem: 'lifetime-zero', version: '1.5' },
    { key: 'K', problem: 'lifetime-too-long', found: 65_536, version: '1.1' },
  ),
  ...all('config/proxy', ...proxies.map((problem) => ({ problem }))),
  ...all('hub/not-allowed', { hub: 'a.b', allowed: [] }),
  ...all('hub/ambiguous', { allowed: [] }),
  ...all('config/hub-name-changes', {
    ids: ['edge-001', 'edge-002', 'edge-003', 'edge-004'],
    before: 'contoso.azure-devices.net',
    after: 'fabrikam.azure-devices.net',
  }),
  ...all(
    'plan/carried-certificate',
    { id: 'edge-001', carried: 'known', slot: 'secondary', staged: true },
    { id: 'edge-001', carried: 'known', slot: 'primary', staged: true },
    { id: 'edge-001', carried: 'unknown', slot: 'primary', staged: false },
    {
      id: 'edge-001',
      carried: 'unknown',
      slot: 'secondary',
      staged: false,
    },
  ),
  ...all('plan/lockout', { id: 'edge-001', why: 'symmetric-key' }, { id: 'edge-001', why: 'authority' }),
  ...all('plan/shared', { id: 'gateway-01', owner: undefined }),
  ...all('plan/stays', { id: 'edge-007' }, { id: 'edge-007', owner: undefined }),
  ...all(
    'plan/foreign',
    { id: 'edge-001', owner: 'contoso/other' },
    { id: 'edge-001', owner: undefined },
    { id: 'edge-001', edge: false, authentication: 'selfSigned' },
    { id: 'edge-001', edge: true, authentication: 'sas' },
    { id: 'edge-001', edge: true, authentication: 'certificateAuthority' },
    { id: 'edge-001', edge: true, authentication: 'none' },
  ),
  ...all('plan/re-enable', { id: 'edge-001', reason: '' }),
  ...all(
    'plan/differs-from-approved',
    { id: 'edge-001', differences: [{ kind: 'new-device', now: { kind: 'create', fields: [status] } }] },
    { id: 'edge-001', differences: [{ kind: 'new-device', now: { kind: 'update', fields: [status, parent] } }] },
    { id: 'edge-001', differences: [{ kind: 'undeclared-device', was: { kind: 'delete', fields: [] } }] },
    {
      id: 'edge-001',
      differences: [
        { kind: 'other-change', was: { kind: 'disable', fields: [status] }, now: { kind: 'create', fields: [] } },
      ],
    },
    {
      id: 'edge-001',
      differences: [{ kind: 'created-again' }, { kind: 'other-value', was: parent, now: status }],
    },
    { id: 'edge-001', differences: [{ kind: 'missing-field', was: parent }] },
  ),
  ...all(
    'deployment/syntax',
    { kind: 'unread', why: 'missing', detail: 'there is no such file' },
    { kind: 'unread', why: 'outside', detail: 'it lies outside of the workspace' },
    { kind: 'unread', why: 'too-large', detail: 'it is too large' },
    { kind: 'unread', why: 'unreadable', detail: 'it is a folder' },
    { kind: 'not-utf8' },
    { kind: 'empty' },
    { kind: 'too-deep', levels: 100 },
    { kind: 'too-many', most: 1_000_000 },
  ),
  ...all(
    'deployment/unknown-form',
    { why: 'not-a-map' },
    { why: 'device-configuration' },
    { why: 'module-configuration' },
  ),
  ...all(
    'deployment/not-strict-json',
    { what: 'comment', count: 1 },
    { what: 'trailing-comma', count: 1 },
    { what: 'trailing-comma', count: 2 },
  ),
  ...all('deployment/version-assumed', { runtime: '1.5', files: 1 }),
  ...all(
    'deployment/refused-value',
    ...valueFaults.map((fault) => ({ of: 'edgeAgent', runtime: '1.5', stage: 'parse', fault }) as const),
    {
      of: 'edgeHub',
      runtime: '1.5',
      stage: 'parse',
      fault: { kind: 'priority', key: 'routes.a.priority', found: '10' },
    },
  ),
  ...all('deployment/schema-version', {
    of: 'edgeHub',
    runtime: '1.5',
    stage: 'parse',
    found: '"1.4"',
    expected: '"1.0" to "1.3"',
    write: '"1.1"',
  }),
  ...all(
    'deployment/image',
    { of: 'edgeAgent', runtime: '1.5', stage: 'parse', key: 'K', image: 'a:1:2', why: 'form' },
    { of: 'edgeAgent', runtime: '1.5', stage: 'parse', key: 'K', image: 'a:1@sha256:b', why: 'digest' },
  ),
  ...all(
    'deployment/create-options',
    ...(['not-json', 'after-end', 'too-deep', { found: '[]' }] as const).map(
      (why) => ({ of: 'edgeAgent', runtime: '1.5', stage: 'parse', key: 'K', why, levels: 128 }) as const,
    ),
  ),
  ...all(
    'deployment/route',
    ...routeFaults.map((fault) => ({ key: 'K', character: 1, runtime: '1.5', stage: 'parse', fault }) as const),
  ),
  ...all(
    'deployment/route-condition',
    ...conditionFaults.map((fault) => ({ key: 'K', character: 1, runtime: '1.1', stage: 'compile', fault }) as const),
  ),
  ...all('deployment/route-rest', { key: 'K', text: '/x' }),
  ...all('deployment/changed-value', { of: 'edgeHub', key: 'K', written: '1.5', held: '2' }),
  ...all('deployment/respelt-value', { of: 'edgeAgent', key: 'K', held: '2026-01-01T05:00:00+00:00', date: true }),
  ...all('deployment/key-twice', { of: 'edgeAgent', key: '', written: 'modules', known: 'modules', other: 'modules' }),
  ...all('deployment/misplaced-key', { of: 'edgeAgent', key: 'K', written: 'Binds', belongs: 'HostConfig' }),
  ...all('deployment/not-read', { key: 'integrity', runtime: '1.1', needs: '1.3', known: false }),
  ...all('deployment/hub-limit', ...hubLimits.map((fault) => ({ module: '$edgeAgent', key: 'K', fault }) as const)),
  ...all('deployment/module-name', { name: 'ü' }),
  ...all('deployment/port-twice', { port: '80/tcp', module: 'web', other: 'web' }),
  ...all(
    'deployment/route-module',
    { key: 'routes.a', module: 'filtr', role: 'from', known: ['filter'] },
    { key: 'routes.a', module: 'filtr', role: 'to', known: [] },
  ),
  ...all('deployment/route-never', { key: 'routes.a', why: 'source', text: '/messages/events/' }),
  ...all(
    'deployment/login-unused',
    { name: 'acr', address: 'docker.io', registries: [], why: 'docker hub' },
    { name: 'acr', address: 'contoso.azurecr.io', registries: [], why: 'no image' },
    { name: 'acr', address: 'contoso.azurecr.io', registries: ['a.azurecr.io', 'b.azurecr.io'], why: 'no image' },
  ),
  ...all('deployment/fewer-pieces', { module: 'web', before: 4, now: 2 }),
  ...all('deployment/latest-tag', { names: ['a', 'b'], count: 2 }, { names: ['a'], count: 12 }),
  ...all('deployment/written-secret', { names: ['a', 'b'], count: 2 }),
  ...all('deployment/privileged', { names: ['a', 'b'], count: 2 }),
  ...all('deployment/no-log-limit', { names: ['a'], count: 1 }),
];
