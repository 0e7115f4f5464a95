import type { Deployment } from './form.ts';
import { valueAt } from './json/value.ts';
import { type Problem, problem } from './problem.ts';

/** How deployments are judged, beside what they say. */
export interface JudgeOptions {
  /** The files are what the hub gets: no tool fills placeholders in any more. */
  readonly applied: boolean;
  /** The version for deployments whose images do not tell one, such as `1.5`. */
  readonly runtime?: string;
}

/** Judges a deployment by every rule. */
export function judgeDeployment({ agent }: Deployment, _options: JudgeOptions): readonly Problem[] {
  const version = valueAt(agent?.whole?.value, 'schemaVersion');
  if (version?.kind === 'text' && !/^\s*1(\.[01](\.0)?)?\s*$/.test(version.text)) {
    const details = { module: '$edgeAgent', found: JSON.stringify(version.text), expected: '"1.1"' } as const;
    return [problem('deployment/schema-version', details, version)];
  }
  return [];
}
