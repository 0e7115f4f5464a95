import type { Finding, Subject } from '../../../model/finding.ts';
import type { RuntimeVersion } from '../../../model/fleet.ts';
import { isIn } from '../../../rules/base-toml.ts';
import { finding } from '../../../rules/rules.ts';
import { refusesEmptyNames } from '../../judge/old-toml.ts';
import type { TomlBase } from './base.ts';
import { syntaxOf } from './syntax.ts';

/** Returns a finding for each piece of syntax that a version of the runtime does not read. */
export function judgeSyntax(
  { path, nodes, text, place }: TomlBase,
  version: RuntimeVersion,
  subject: Subject,
): readonly Finding[] {
  const toml = tomlOf(version);
  return syntaxOf(nodes, text).flatMap(({ offset, kind: syntax }) => {
    const at = { ...subject, place: place(offset) };
    const read = toml === 'by patch' ? '1.0' : toml;
    // The toml crate of 1.4.0 to 1.4.8 (0.5.9) reads empty keys, those of 1.2 and 1.3 (0.5.7, 0.5.8) do not.
    if (syntax === 'empty-key' && !refusesEmptyNames(version)) return [];
    if (!isIn(syntax, read))
      return [finding('config/base-syntax', { path, syntax, version: version.text, toml: read }, at)];
    if (toml === 'by patch' && !isIn(syntax, '0.5'))
      return [finding('config/base-syntax-by-patch', { path, syntax }, at)];
    return [];
  });
}

/** The version of TOML that a runtime reads: 1.4.9 moved from 0.5 to 1.0, and 1.6 to 1.1. */
function tomlOf({ minor, patch }: RuntimeVersion): '0.5' | '1.0' | '1.1' | 'by patch' {
  if (minor >= 6) return '1.1';
  if (minor === 5) return '1.0';
  if (minor < 4) return '0.5';
  if (patch === undefined) return 'by patch';
  return patch < 9 ? '0.5' : '1.0';
}
