import type { Report } from '../model/report.ts';

/**
 * Says which rules have another severity in this run, as one line: `Rules changed by the workflow: certificate/is-ca off`. It comes
 * first, since it changes how all that follows is to be read. No line if every rule has its own severity.
 * @param by who changed them
 */
export function ruleChangeLines(
  { rules = new Map() }: Pick<Report, 'rules'>,
  by: keyof typeof ruleChangeTexts,
): readonly string[] {
  const changes = [...rules].map(([rule, severity]) => `${rule} ${severity}`);
  return changes.length === 0 ? [] : [ruleChangeTexts[by](changes)];
}

/** The texts of this line. */
export const ruleChangeTexts = {
  workflow: (changes: readonly string[]) => `Rules changed by the workflow: ${changes.join(', ')}`,
  option: (changes: readonly string[]) => `Rules changed by --rules: ${changes.join(', ')}`,
};
