import type { RuleChanges } from '../model/finding.ts';
import { rules } from '../rules/rules.ts';
import { judgeAgent } from './agent/agent.ts';
import { lookUp } from './agent/settings.ts';
import { commonProblems } from './common-problems.ts';
import { judgeContent } from './content/content.ts';
import { setupOf } from './content/setup.ts';
import { type Facts, factsOf } from './content/together.ts';
import type { Deployment, Desired } from './form.ts';
import { judgeHub } from './hub/hub.ts';
import { type Value, valueAt } from './json/value.ts';
import type { Problem } from './problem.ts';
import type { ReadingOptions } from './reading/reading.ts';
import { currentLongTerm, type Runtime, runtimesOf, versionOfImage } from './runtime.ts';
import { TextReads } from './text-reads.ts';

/** How deployments are judged, beside what they say. */
export interface JudgeOptions {
  /** The files are what the hub gets: no tool fills placeholders in any more. */
  readonly applied: boolean;
  /** The version for deployments whose images do not tell one, such as `1.5`. */
  readonly runtime?: string;
  /** The severities that the workflow gives to rules. What nobody is told is not made a finding. */
  readonly rules?: RuleChanges;
}

/** What the runtime says of a deployment. */
export interface Verdict {
  readonly problems: readonly Problem[];
  /** What is compared with other deployments of the run. */
  readonly facts: Facts;
  /** The version by which a part was judged whose image names none, and the settings do not either. */
  readonly assumed?: string;
}

/** Judges a deployment as edgeAgent and edgeHub of its versions do. */
export function judgeDeployment(deployment: Deployment, template: boolean, options: JudgeOptions): Verdict {
  const { agent, hub } = deployment;
  const versions = { agent: versionOf(agent, 'edgeAgent', options), hub: versionOf(agent, 'edgeHub', options) };
  const texts = new TextReads();
  const setup = setupOf(deployment, template, texts);
  const problems = [
    ...judged(agent, versions.agent, { template, texts }, judgeAgent),
    ...judged(hub, versions.hub, { template, texts }, judgeHub),
    ...judgeContent(setup, texts),
  ];
  const assumes = (agent !== undefined && versions.agent.assumed) || (hub !== undefined && versions.hub.assumed);
  return { problems, facts: factsOf(setup), ...(assumes ? { assumed: currentLongTerm.name } : {}) };
}

function judged(
  desired: Desired | undefined,
  { runtimes }: Version,
  options: Omit<ReadingOptions, 'of' | 'runtime'>,
  judge: (desired: Desired, options: Omit<ReadingOptions, 'of'>) => readonly Problem[],
): readonly Problem[] {
  if (desired === undefined) return [];
  return commonProblems(runtimes.map((runtime) => judge(desired, { ...options, runtime })));
}

interface Version {
  readonly runtimes: readonly Runtime[];
  readonly assumed: boolean;
}

/** The version in the tag of the module's image; otherwise that of the settings, or the current long-term one. */
function versionOf(agent: Desired | undefined, name: 'edgeAgent' | 'edgeHub', { runtime }: JudgeOptions): Version {
  const modules = valueAt(agent?.whole?.value, 'systemModules');
  const image = memberOf(memberOf(memberOf(modules, name), 'settings'), 'image');
  const tagged = image?.kind === 'text' ? runtimesOf(versionOfImage(image.text) ?? '') : undefined;
  if (tagged !== undefined) return { runtimes: tagged, assumed: false };
  const given = runtime === undefined ? undefined : runtimesOf(runtime);
  return given === undefined ? { runtimes: [currentLongTerm], assumed: true } : { runtimes: given, assumed: false };
}

function memberOf(map: Value | undefined, name: string): Value | undefined {
  return map?.kind === 'map' ? lookUp(map.members, name)?.value : undefined;
}

/** Whether a problem is told: not if its rule is off. */
export function isTold({ rule }: Problem, changes: RuleChanges | undefined): boolean {
  return (changes?.get(rule) ?? rules[rule].initially) !== 'off';
}
