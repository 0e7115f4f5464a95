/** The most that a deployment file may hold. A hub takes 32 KB of desired properties for each module; no deployment needs as much. */
export const most = {
  /** Bytes of one file. */
  bytes: 4 * 1024 * 1024,
  /** Levels of nested maps and lists. A hub takes 10 below `desired`. */
  levels: 100,
  /** Keys, values and signs of one file. */
  parts: 1_000_000,
  /** Unknown keys of one map that are told, and compared with those that are known. */
  unknown: 1_000,
  /** Findings of one file. */
  problems: 1_000,
  /** Findings of all files; of more files only the first error is told. */
  findings: 20_000,
} as const;
