import type { RuntimeVersion } from '../../../model/fleet.ts';
import type { KeyProblem, ValueProblem } from '../../../rules/base-toml.ts';
import type { TomlBase } from './base.ts';

/** For which runtime a base is judged, and where findings go. */
export interface Judge {
  readonly base: TomlBase;
  readonly version: RuntimeVersion;
  /** The settings that the manifest writes, by their dotted paths. What stands there in the base does not count. */
  readonly given: ReadonlySet<string>;
  readonly refuse: (offset: number, key: string, problem: ValueProblem) => void;
  readonly passOver: (offset: number, key: string, known: readonly string[], problem?: KeyProblem) => void;
  readonly drop: (offset: number, key: string, problem: 'half-pair' | 'type' | 'other-form', other?: string) => void;
}
