import schema from '../../schemas/devices.schema.json' with { type: 'json' };

/** The names of the manifest's keys. */
const keys = [...new Set(keysIn(schema))];

function keysIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    name === 'properties' && typeof inner === 'object' && inner !== null
      ? [...Object.keys(inner), ...keysIn(inner)]
      : keysIn(inner),
  );
}

const inJson = [
  '{',
  '}',
  '[',
  ']',
  ',',
  '"',
  'null',
  'true',
  '1e999',
  '\\u0000',
  '\\ud800',
  '"__proto__":{"x":1},',
  'toString',
  'valueOf',
];

/** What means something in each kind of input. */
export const words = {
  'manifest-yaml': [
    ...[...keys, '&a ', '*a', '<<: ', '!!binary ', '!!set', '---\n', '|\n', '? ', '- ', ': ', '\n  ', '"', '\ufeff'],
    ...['__proto__: ', '{id}', '{', '}', '[', ']', '#', '\t'],
  ],
  'manifest-json': [...keys, ...inJson, ...keys.map((key) => `"${key}":`), '//', '__proto__'],
  'manifest-csv': [
    ...[...keys, ',', ';', '\t', '"', '\r\n', 'tags.', 'config.agent.env.', '__proto__.x', 'constructor.prototype.x'],
    ...['[0]', '\ufeff', 'sep=;\n', '{"a":1}'],
  ],
  'certificate-pem': [
    ...['-----BEGIN CERTIFICATE-----\n', '-----END CERTIFICATE-----\n', '-----BEGIN PRIVATE KEY-----\n', '\n', '\\n'],
    ...['\0', 'version https://git-lfs', 'Bag Attributes\n', '-----BEGIN TRUSTED CERTIFICATE-----\n'],
  ],
  'certificate-der': [
    ...['\x30\x80', '\x30\x82', '\x02\x01', '\x03\x02', '\x06\x03\x55\x04\x03', '\x0c\x08', '\x1e\x08', '\x1c\x08'],
    ...['\xa3\x82', '\x00\x00'],
  ],
  'base-toml': [
    ...['[', ']', '[[a]]', '=', '"""', "'''", '\\', '#', '\n', '{ a = 1 }', '1979-05-27', '__proto__ = 1', '.', '"'],
    ...['hostname = ', '[provisioning]\n', '[agent.config]\n', 'auto_reprovisioning_mode', 'edge_ca', 'cert', 'method'],
  ],
  'base-yaml': [
    'provisioning:\n',
    '  ',
    '# ',
    ': ',
    '"',
    '&a ',
    '*a',
    '---\n',
    '__proto__: 1\n',
    '\t',
    'hostname',
    'agent',
  ],
  'plan-file': [
    ...inJson,
    'version',
    'hubs',
    'hub',
    'changes',
    'device',
    'fields',
    'kind',
    'before',
    'after',
    'delete',
  ],
  'hub-answer': [
    ...[...inJson, 'deviceId', 'etag', 'errorCode', 'errorStatus', 'isSuccessful', 'errors', 'warnings', 'Message'],
    ...['ErrorCode:', 'SharedAccessSignature sr=', 'authentication', 'x509Thumbprint', 'parentScopes', 'edge-002'],
  ],
  twin: [
    ...inJson,
    'tags',
    'properties',
    'desired',
    '$version',
    'etag',
    'constructor',
    '__proto__',
    'provision',
    'owner',
  ],
  'import-log': [...inJson, 'deviceId', 'errorCode', 'errorStatus', '\n', '\r\n', '\u2028', '\ufeff', 'edge-002'],
} as const;
