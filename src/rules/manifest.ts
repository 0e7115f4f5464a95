import { rule } from './rule.ts';

export const manifestRules = {
  'manifest/syntax': rule<{ what: string; remedy?: string }>({
    severity: 'error',
    about:
      'The manifest cannot be read: it is no YAML, JSON or CSV, has a key or a column twice or a cell without a column, is too large, nested too deeply, or uses aliases to grow without bound.',
    message: ({ what }) => what,
    remedy: ({ remedy }) =>
      remedy ?? "Correct the line; an editor with the manifest's JSON Schema shows such mistakes while you type.",
    example: { what: 'Map keys must be unique' },
  }),
  'manifest/unknown-key': rule<{ key: string; where: string; suggestion?: string; known: readonly string[] }>({
    severity: 'error',
    about:
      'A key that the manifest does not have. It would be ignored in silence, and the device would not get what was meant.',
    message: ({ key, where, suggestion }) =>
      `unknown key "${key}" in ${where}${suggestion === undefined ? '' : `; did you mean "${suggestion}"?`}`,
    remedy: ({ suggestion, known }) =>
      suggestion === undefined
        ? `Remove it. Known keys here: ${known.join(', ')}.`
        : `Write "${suggestion}", or remove the key.`,
    example: { key: 'certficates', where: 'a device', suggestion: 'certificates', known: ['id', 'certificates'] },
  }),
  'manifest/type': rule<{ key: string; expected: string; found: string; remedy?: string }>({
    severity: 'error',
    about:
      'A value is missing or is not what its key takes: a number where text is needed (`1.10` becomes 1.1 without quotes), a word that is not in the list.',
    message: ({ key, expected, found }) => `${key}: expected ${expected}, found ${found}`,
    remedy: ({ key, expected, remedy }) => remedy ?? `Give ${key} ${expected}.`,
    example: { key: 'runtime.version', expected: 'text', found: 'the number 1.1', remedy: 'Put it in quotes: "1.1".' },
  }),
  'manifest/empty': rule<{ what: string; remedy: string }>({
    severity: 'error',
    about:
      'No manifest was found, or it names no devices. An empty fleet is never what was meant, least of all when devices may be removed.',
    message: ({ what }) => what,
    remedy: ({ remedy }) => remedy,
    example: { what: 'devices.yaml names no devices', remedy: 'Add at least one device: devices: [{id: edge-001}].' },
  }),
};
