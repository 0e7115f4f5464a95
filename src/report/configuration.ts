import type { ConfigurationChange } from '../model/report.ts';

/** Merges equal changes of configuration into one with all their devices. The change of most devices comes first. */
export function equalConfiguration(changes: readonly ConfigurationChange[]): readonly ConfigurationChange[] {
  const groups = new Map<string, { readonly first: ConfigurationChange; readonly devices: string[] }>();
  for (const change of changes) {
    const { key, before = null, after = null, devices } = change;
    const alike = JSON.stringify([key, before, after]);
    const group = groups.get(alike) ?? { first: change, devices: [] };
    for (const id of devices) group.devices.push(id);
    groups.set(alike, group);
  }
  const merged = [...groups.values()].map(({ first, devices }) => ({ ...first, devices }));
  return merged.sort((a, b) => b.devices.length - a.devices.length);
}
