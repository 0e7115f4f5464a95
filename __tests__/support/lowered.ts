import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parse as parseToml } from 'smol-toml';
import { parse as parseYaml } from 'yaml';
import type { Bundle } from '../../src/model/bundle.ts';
import type { Finding } from '../../src/model/finding.ts';
import type { Report } from '../../src/model/report.ts';
import { provision } from '../../src/provision.ts';
import { readSettings } from '../../src/run/settings.ts';
import { openWorkspace } from '../../src/run/workspace.ts';
import { worldWithoutHub } from './check.ts';

/** Renders a manifest of a folder as the command does, with what the setting `rules` says. The clock is the machine's. */
export async function renderWith(
  folder: string,
  manifest: string,
  rules: string,
  findings: readonly Finding[] = [],
): Promise<Report> {
  const settings = { command: 'render', manifest, rules, 'output-directory': join(folder, 'bundles') };
  const { request } = await readSettings(settings, { directory: folder });
  return provision({ ...request, findings }, worldWithoutHub(openWorkspace(folder), { now: () => new Date() }));
}

/**
 * The manifest with those of its devices alone whose lines `wanted` takes. Everything above the devices stays. A device begins with
 * `  - `.
 */
export function devicesOf(manifest: string, wanted: (lines: string) => boolean): string {
  const [head = '', list = ''] = manifest.split(/^devices:\n/m);
  return `${head}devices:\n${list
    .split(/^(?= {2}- )/m)
    .filter(wanted)
    .join('')}`;
}

/** The files of a bundle that a parser or a shell cannot read, and those that say another device's id. */
export function unreadableIn(bundle: Bundle): readonly string[] {
  // The key lies below `provisioning` or, up to 1.1, below its `authentication`.
  const isOurs = (configuration: object) =>
    JSON.stringify(configuration).includes(`"device_id":${JSON.stringify(bundle.device)}`);
  return bundle.files.flatMap(({ name, text }) => {
    if (name === 'config.yaml') return isOurs(parseYaml(text)) ? [] : [name];
    if (name === 'config.toml') return isOurs(parseToml(text)) ? [] : [name];
    if (name === 'install.sh') return spawnSync('sh', ['-n'], { input: text }).status === 0 ? [] : [name];
    return [];
  });
}
