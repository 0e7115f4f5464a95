import type { Desired } from '../form.ts';
import { type MapValue, type Member, member, type Value } from '../json/value.ts';
import { type Problem, problem, problemAtKey } from '../problem.ts';
import { foundText } from '../reading/found.ts';
import { Reading, type ReadingOptions } from '../reading/reading.ts';
import { heldText } from '../reading/scalars.ts';
import { listOf, mapOf, needed, type ObjectShape, object, text } from '../reading/shape.ts';
import { compareVersions, parseVersion } from '../reading/version.ts';
import type { Runtime } from '../runtime.ts';
import { judgeAgentLayers } from './layers.ts';
import { anyModule, edgeAgentModule, edgeHubModule } from './module.ts';
import { runtimeInfo } from './runtime-info.ts';

/** ManifestIntegrity.cs, TwinHeader.cs and TwinSignature.cs. */
export const integrity = object({
  header: object({ signercert: listOf(text), intermediatecacert: listOf(text) }),
  signature: object({ bytes: text, algorithm: text }),
});

/** A module here is null where it is not there. */
const systemModules = object({ edgeAgent: edgeAgentModule, edgeHub: edgeHubModule });

/** DeploymentConfig.cs */
const known = {
  schemaVersion: needed(text),
  runtime: needed(runtimeInfo),
  systemModules: needed(systemModules),
  modules: mapOf(anyModule),
} as const;
const desiredOf = {
  unknown: object({ ...known, integrity: { shape: { kind: 'any' }, hidden: true } }),
  'needs-bundle': object({ ...known, integrity }),
  known: object({ ...known, integrity }),
} as const satisfies Record<Runtime['integrity'], ObjectShape>;

/** Judges the desired properties of $edgeAgent: EdgeAgentConnection.cs. */
export function judgeAgent(desired: Desired, options: Omit<ReadingOptions, 'of'>): readonly Problem[] {
  const reading = new Reading({ ...options, of: 'edgeAgent' });
  const { whole, layers } = desired;
  if (whole === undefined && layers.length > 0) return judgeAgentLayers(reading, desired);
  const root = whole?.value ?? desired.value;
  if (reading.isOpen(root)) return [];
  if (whole === undefined || root.kind !== 'map' || isEmpty(root)) {
    const details = {
      runtime: options.runtime.name,
      stage: 'empty',
      found: whole === undefined ? 'nothing' : foundText(root),
    } as const;
    return [problem('deployment/empty', details, root)];
  }
  judgeIntegrity(reading, root);
  reading.fields(root, desiredOf[options.runtime.integrity], '');
  judgeSchemaVersion(reading, root);
  judgeModuleSet(reading, root);
  return layers.length === 0
    ? reading.problems
    : [...reading.problems, ...judgeAgentLayers(new Reading({ ...options, of: 'edgeAgent' }), desired)];
}

/** TwinCollection.Count leaves out what the hub adds. */
function isEmpty({ members }: MapValue): boolean {
  return members.every(({ key }) => key === '$version' || key === '$metadata');
}

/** CheckIfManifestSigningIsEnabled: any value that holds others. The key is looked up by its exact name. */
function judgeIntegrity(reading: Reading, root: MapValue): void {
  const { runtime } = reading;
  const found = member(root, 'integrity')?.value;
  const isSigned =
    (found?.kind === 'map' && found.members.length > 0) || (found?.kind === 'list' && found.items.length > 0);
  if (found === undefined || !isSigned || runtime.integrity !== 'needs-bundle') return;
  reading.problems.push(problem('deployment/integrity', { runtime: runtime.name, stage: 'integrity' }, found));
}

const newest = [1, 1, 0, -1] as const;

/** ValidateSchemaVersion. */
function judgeSchemaVersion(reading: Reading, root: MapValue): void {
  const value = lastOf(root, 'schemaVersion')?.value;
  if (value === undefined || reading.isOpen(value)) return;
  const held = heldText(reading, value);
  if (held === undefined) return;
  const version = parseVersion(held);
  if (version !== undefined && version[0] === 1 && compareVersions(version, newest) <= 0) return;
  const details = {
    of: 'edgeAgent',
    runtime: reading.runtime.name,
    stage: 'schemaVersion',
    found: foundText(value),
    expected: '"1.0" or "1.1"',
    write: '"1.1"',
  } as const;
  reading.problems.push(problem('deployment/schema-version', details, value));
}

/** The last of a key in any letters is the one that is held. */
export function lastOf(map: Value | undefined, name: string): Member | undefined {
  if (map?.kind !== 'map') return undefined;
  const lower = name.toLowerCase();
  return map.members.findLast(({ key }) => key === name || (key.length === name.length && key.toLowerCase() === lower));
}

/** GetModuleSet of DeploymentConfig.cs and GetCombinedConfig of CombinedDockerConfigProvider.cs. */
function judgeModuleSet(reading: Reading, root: MapValue): void {
  const modules = lastOf(root, 'modules')?.value;
  const system = lastOf(root, 'systemModules')?.value;
  const own = ['edgeAgent', 'edgeHub'].filter((name) => isThere(lastOf(system, name)?.value));
  const { name: runtime } = reading.runtime;
  if (modules?.kind === 'map') {
    for (const { key, keyOffset } of modules.members) {
      if (!own.includes(key)) continue;
      reading.problems.push(
        problemAtKey('deployment/reserved-module-name', { runtime, stage: 'moduleSet', name: key }, modules, keyOffset),
      );
    }
  }
  for (const name of ['edgeAgent', 'edgeHub'] as const) {
    if (own.includes(name) || system?.kind !== 'map' || reading.template) continue;
    reading.problems.push(problem('deployment/no-system-module', { name }, system));
  }
  const hasModules = own.length > 0 || (modules?.kind === 'map' && modules.members.length > 0);
  const logins = lastOf(lastOf(lastOf(root, 'runtime')?.value, 'settings')?.value, 'registryCredentials')?.value;
  if (!hasModules || logins?.kind !== 'map') return;
  for (const { key, value } of reading.template ? [] : logins.members) {
    const isNull = value.kind === 'null' || (value.kind === 'text' && value.text === '');
    if (isNull)
      reading.problems.push(problem('deployment/null-login', { runtime, stage: 'combine', name: key }, value));
  }
}

function isThere(value: Value | undefined): boolean {
  return value !== undefined && value.kind !== 'null';
}
