import type { Place } from '../../../model/finding.ts';
import type { CstNode } from './cst.ts';
import type { TomlTree } from './tree.ts';

/** A config.toml of the user (IoT Edge 1.2 to 1.6). It is parsed once; `editToml` edits it for many devices. */
export interface TomlBase extends TomlTree {
  readonly form: 'config.toml';
  /** Relative to the workspace. */
  readonly path: string;
  readonly byteOrderMark: string;
  /** The text behind the byte order mark. Offsets count from its start. */
  readonly text: string;
  /** The line break of the first line. New lines get it too. */
  readonly newline: '\n' | '\r\n';
  /** The settings as the second reader has them. */
  readonly parsed: object;
  /** Edits it for a device. Throws if the edited text would not say what is wanted. */
  readonly edit: (edits: TomlEdits) => string;
  readonly nodes: readonly CstNode[];
  readonly place: (offset: number) => Place;
}

export interface TomlEdits {
  /** All settings that stand in `[provisioning]` afterwards. Their paths begin with it. */
  readonly provisioning: readonly TomlSetting[];
  /** Settings outside of it to replace or add. No path is the beginning of another. */
  readonly set: readonly TomlSetting[];
}

export interface TomlSetting {
  readonly path: readonly string[];
  /** A JSON value. */
  readonly value: unknown;
}
