import { parse as parseToml } from 'smol-toml';
import { parse as parseYaml } from 'yaml';
import { renderConfigToml } from '../../../../src/bundle/config/toml.ts';
import { renderConfigYaml } from '../../../../src/bundle/config/yaml.ts';
import { endpointOf } from '../../../../src/bundle/endpoint.ts';
import { configYamlMisfits } from '../../../../src/bundle/judge/config-yaml.ts';
import { judgeDevice } from '../../../../src/bundle/judge/judge.ts';
import { superConfigMisfits } from '../../../../src/bundle/judge/super-config.ts';
import { readFleet } from '../../../../src/manifest/read.ts';
import { type Finding, failing } from '../../../../src/model/finding.ts';
import type { Device } from '../../../../src/model/fleet.ts';
import { openWorkspace } from '../../../../src/run/workspace.ts';
import { noPairs } from '../../../manifest/pairs.ts';
import { folderWith } from '../../../support/folder.ts';
import { now } from '../../material.ts';
import { asManifest } from './as-manifest.ts';
import { asValues } from './as-values.ts';
import { type Fact, isToml } from './facts.ts';

export type Verdict = 'accepted' | 'refused';

/** What our reading of a configuration's values says to an input. */
export function verdictOnValues(fact: Fact): Verdict {
  return misfitsOf(fact, asValues(fact)).length > 0 ? 'refused' : 'accepted';
}

function misfitsOf(fact: Fact, values: unknown) {
  return (isToml(fact) ? superConfigMisfits : configYamlMisfits)(values, fact.version);
}

export interface OnManifest {
  readonly fact: Fact;
  readonly verdict: Verdict;
  /** The rules of the errors; empty if the form of the manifest is refused. */
  readonly rules: readonly string[];
  /** What the runtime would refuse of the file that is rendered; `undefined` if none is. */
  readonly misfits?: readonly object[];
}

/** What the checks say to inputs in a manifest, those that a manifest can say. */
export async function verdictsOnManifest(facts: readonly Fact[]): Promise<readonly OnManifest[]> {
  const said = facts.flatMap((fact) => {
    const settings = asManifest(fact);
    return settings === undefined ? [] : [{ fact, settings }];
  });
  if (said.length === 0) return [];
  const devices = said.map(({ settings }, index) => ({ id: `edge-${index}`, ...settings }));
  const folder = folderWith({ 'devices.json': JSON.stringify({ hub: 'contoso.azure-devices.net', devices }) });
  const { value, findings } = await readFleet(['devices.json'], openWorkspace(folder), noPairs);
  const ofForm = new Map<string | undefined, Finding[]>();
  for (const finding of findings) ofForm.set(finding.device, [...(ofForm.get(finding.device) ?? []), finding]);
  const byId = new Map<string, Device>(value.devices.map((device) => [device.id, device]));
  return said.map(({ fact }, index): OnManifest => {
    const id = `edge-${index}`;
    const device = byId.get(id);
    if (device === undefined) return { fact, verdict: 'refused', rules: [] };
    const judged = judgeDevice(device, now);
    const all = [...(ofForm.get(id) ?? []), ...judged.findings];
    const rules = [...new Set(all.filter(({ severity }) => severity === 'error').map(({ rule }) => rule))];
    if (failing(all) || judged.value === undefined) return { fact, verdict: 'refused', rules };
    const rendered = isToml(fact)
      ? parseToml(renderConfigToml(device, endpointOf(device), judged.value))
      : parseYaml(renderConfigYaml(device, endpointOf(device), judged.value));
    return { fact, verdict: 'accepted', rules, misfits: misfitsOf(fact, rendered) };
  });
}
