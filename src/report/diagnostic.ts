import type { Finding } from '../model/finding.ts';
import { saidLines } from './said.ts';
import type { Style } from './style.ts';
import { visible } from './visible.ts';

/** Returns one finding as a compiler says it: where it is, what was found, the line itself if there is one to show, and the remedy. */
export function diagnosticLines(finding: Finding, style: Style): readonly string[] {
  const { place, severity, rule, remedy, hub } = finding;
  const where = place === undefined ? (hub ?? '') : `${visible(style.path(place.file))}:${place.line}:${place.column}`;
  return [
    `${where === '' ? '' : `${style.strong(where)} `}${style.severity(severity, severity)} ${style.muted(rule)}`,
    ...saidLines(finding).map((line) => `  ${visible(line)}`),
    ...(style.source?.(finding) ?? []),
    `${style.muted('  →')} ${visible(remedy)}`,
  ];
}
