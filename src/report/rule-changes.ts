import type { Report } from '../model/report.ts';
import type { Reader } from './reader.ts';

/**
 * Says which rules have another severity in this run, as one line: `Rules changed by the workflow: certificate/is-ca off`. It comes
 * right after the sentence, since it changes how all that follows is to be read. No line if every rule has its own severity.
 * @param reader who changed them
 */
export function ruleChangeLines({ rules = new Map() }: Pick<Report, 'rules'>, reader: Reader): readonly string[] {
  const changes = [...rules].map(([rule, severity]) => `${rule} ${severity}`);
  return changes.length === 0 ? [] : [ruleChangeTexts[reader](changes)];
}

/** The texts of this line. */
export const ruleChangeTexts = {
  runner: (changes: readonly string[]) => `Rules changed by the workflow: ${changes.join(', ')}`,
  terminal: (changes: readonly string[]) => `Rules changed by --rules: ${changes.join(', ')}`,
};
