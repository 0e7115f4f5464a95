import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { EmbeddedHub } from '../../src/emulator/hub.ts';
import { readConnectionStrings } from '../../src/hub/connection-string.ts';
import type { Report } from '../../src/model/report.ts';
import { provision } from '../../src/provision.ts';
import type { World } from '../../src/run/request.ts';
import { readSettings, type Settings } from '../../src/run/settings.ts';
import { openWorkspace } from '../../src/run/workspace.ts';
import { realWorld } from '../../src/run/world.ts';

/** A whole run in a folder against embedded hubs, as the doors make it. `around` replaces parts of the world. */
export async function runOn(
  hubs: EmbeddedHub | readonly EmbeddedHub[],
  folder: string,
  settings: Settings,
  around: Partial<World> = {},
): Promise<Report> {
  const all = [hubs].flat();
  const strings = all.map(({ connectionString }) => connectionString).join('\n');
  const credentials = readConnectionStrings(strings);
  const { request } = await readSettings({ ...settings, 'connection-string': strings }, { directory: folder });
  const world = realWorld({
    command: 'apply',
    workspace: openWorkspace(folder, { checkIgnored: async () => new Set() }),
    credentials,
    caFile: caFileOf(all),
    env: {},
    progress: { phase: () => {}, waiting: () => {}, warning: () => {}, written: () => {} },
  });
  return provision(request, { ...world, ...around });
}

/** A file with the authorities of all hubs. Each may have its own. */
function caFileOf([first, ...others]: readonly EmbeddedHub[]): string | undefined {
  if (first === undefined || others.length === 0) return first?.caFile;
  const path = join(dirname(first.caFile), 'all-authorities.pem');
  writeFileSync(path, [first, ...others].map(({ caFile }) => readFileSync(caFile, 'utf8')).join('\n'));
  return path;
}
