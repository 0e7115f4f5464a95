/**
 * The most that a manifest may hold. No fleet needs as much. The limits stop a small text that costs a run all its time
 * or memory: a pull request from anybody is checked, too.
 */
export const most = {
  /** Levels of nested maps and lists. A manifest needs six. */
  levels: 32,
  /** Keys in one map. */
  keys: 10_000,
  /** Columns of a table. */
  columns: 1_000,
  /** Characters in a key. */
  keyLength: 1024,
  /** Parts of one text, as its parser counts them: keys, values, brackets, line breaks. 100,000 devices in YAML have 3 million. */
  parts: 4_000_000,
  /** Cells of one table, empty ones too. */
  cells: 3_000_000,
  /** Bytes in one row of a table. */
  rowBytes: 1024 * 1024,
  /** Values that aliases may add to one file. */
  aliased: 100_000,
  /** Devices in one manifest, and in all manifests of a run. */
  devices: 250_000,
  /** Values of all devices of a run, with what they inherit. */
  values: 5_000_000,
  /** Characters in those values and their keys, with `{id}` replaced. */
  characters: 256 * 1024 * 1024,
  /** Places of one manifest that are told to be unreadable. */
  syntaxFaults: 20,
  /** Findings of one manifest against the schema. */
  faults: 10_000,
} as const;
