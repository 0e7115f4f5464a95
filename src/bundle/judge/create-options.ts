import type { Finding, Subject } from '../../model/finding.ts';
import type { Device, RuntimeVersion } from '../../model/fleet.ts';
import type { OldTomlProblem } from '../../rules/create-options.ts';
import { finding } from '../../rules/rules.ts';
import { createOptionsShape } from './create-options-shape.ts';
import { carriesConfiguration } from './linux-containers.ts';
import { orderProblems, refusesEmptyNames, writesOldToml } from './old-toml.ts';
import { isPlainMap } from './shape.ts';

const manifestKey = 'config.agent.createOptions';
const envKey = 'config.agent.env';

/** Checks that the runtime takes the container options and the environment of edgeAgent. Keys in `skip` are not looked at. */
export function judgeAgentContainer(device: Device, skip: ReadonlySet<string> = new Set()): readonly Finding[] {
  if (!carriesConfiguration(device) || [...skip].some((key) => key.startsWith(`${manifestKey}.`))) return [];
  const { createOptions, env } = device.config.agent;
  const { version } = device.runtime;
  const at = subjectsOf(device);
  const findings = createOptions === undefined ? [] : createOptionsFindings(createOptions, version, at);
  const nameless = Object.hasOwn(env, '') ? envKey : mapWithEmptyName(createOptions, manifestKey);
  if (nameless === undefined) return findings;
  if (refusesEmptyNames(version))
    return [...findings, finding('config/empty-name', { key: nameless, version: version.text }, at(nameless))];
  if (nameless !== envKey) return findings;
  return [...findings, finding('config/variable-without-name', { key: envKey }, at(envKey))];
}

/**
 * Returns what the runtime refuses of container options.
 * @param at the subject of a finding about a key
 * @param optionsKey the key of the options: the manifest's, or the one in a file
 */
export function createOptionsFindings(
  options: unknown,
  version: RuntimeVersion,
  at: (key: string) => Subject,
  optionsKey = manifestKey,
): readonly Finding[] {
  const keyOf = (path: readonly string[]) => [optionsKey, ...path].join('.');
  const types = createOptionsShape(version)(options, []).map(({ path, expected, found }) => {
    const problem = { kind: 'type', key: keyOf(path), expected, found } as const;
    return finding('config/create-options', { problem, version: version.text }, at(problem.key));
  });
  if (types.length > 0) return types;
  const everyPatch = writesOldToml(version);
  if (!everyPatch && !mayWriteOldToml(version)) return [];
  return orderProblems(options, version).map(({ path, ...rest }) => {
    const problem: OldTomlProblem = { ...rest, key: keyOf(path) };
    const rule = everyPatch ? 'config/create-options' : 'config/create-options-old-patch';
    return finding(rule, { problem, version: version.text }, at(problem.key));
  });
}

/** Whether a patch of the version writes TOML 0.5, and the manifest does not say which one the device has. */
function mayWriteOldToml({ major, minor, patch }: RuntimeVersion): boolean {
  return major === 1 && minor === 4 && patch === undefined;
}

/** The key of the first map with an empty name. */
function mapWithEmptyName(value: unknown, key: string): string | undefined {
  if (isPlainMap(value) && Object.hasOwn(value, '')) return key;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [name, inner] of Object.entries(value)) {
    const found = mapWithEmptyName(inner, `${key}.${name}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function subjectsOf(device: Device): (key: string) => Subject {
  return (key) => ({ place: device.place(key), device: device.id, hub: device.hub });
}
