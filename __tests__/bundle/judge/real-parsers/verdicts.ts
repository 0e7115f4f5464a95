import { parse as parseYaml } from 'yaml';
import { judgeToml } from '../../../../src/bundle/base/toml/judge.ts';
import { renderConfigToml } from '../../../../src/bundle/config/toml.ts';
import { renderConfigYaml } from '../../../../src/bundle/config/yaml.ts';
import { endpointOf } from '../../../../src/bundle/endpoint.ts';
import { configYamlMisfits } from '../../../../src/bundle/judge/config-yaml.ts';
import { judgeDevice } from '../../../../src/bundle/judge/judge.ts';
import type { Places } from '../../../../src/bundle/judge/places.ts';
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

/** What our reading of a config.yaml's values says to an input. Those of a config.toml are in `base/toml/real-parsers.test.ts`. */
export function verdictOnValues(fact: Fact): Verdict {
  return configYamlMisfits(asValues(fact), fact.version).length > 0 ? 'refused' : 'accepted';
}

export interface OnManifest {
  readonly fact: Fact;
  readonly verdict: Verdict;
  /** The rules of the errors; empty if the form of the manifest is refused. */
  readonly rules: readonly string[];
  /** What the runtime would refuse of the file that is rendered; `undefined` if none is. */
  readonly refusals?: readonly object[];
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
    return { fact, verdict: 'accepted', rules, refusals: refusalsOf(fact, device, judged.value) };
  });
}

/** What the runtime would refuse of the file that is rendered. */
function refusalsOf(fact: Fact, device: Device, places: Places): readonly object[] {
  if (!isToml(fact)) {
    const text = renderConfigYaml(device, endpointOf(device), places);
    return configYamlMisfits(parseYaml(text), fact.version);
  }
  const text = renderConfigToml(device, endpointOf(device), places);
  const { findings } = judgeToml('config.toml', text, [device], () => ({}));
  // The rendered file has places for secrets, which a file of the repository must not have.
  return findings.filter(({ severity, rule }) => severity === 'error' && rule !== 'config/secret-in-manifest');
}
