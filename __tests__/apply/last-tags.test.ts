import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startHub } from '../../src/emulator/hub.ts';
import { digest } from '../plan/devices.ts';
import { folderWith } from '../support/folder.ts';
import { runOn } from './runs.ts';

/** A manifest of devices with these tags; each may have some or none. */
function manifest(...tags: readonly (object | undefined)[]): string {
  return JSON.stringify({
    defaults: { runtime: { version: '1.6', platform: 'debian' } },
    devices: tags.map((own, n) => ({
      id: `d${n}`,
      thumbprints: { primary: digest(`d${n}`) },
      ...(own === undefined ? {} : { tags: own }),
    })),
  });
}

describe('the last tags of a hub', () => {
  it.each([2, 20])(
    'are drift and are removed when no device of %d names any, and those of others stay',
    async (count) => {
      const hub = await startHub();
      onTestFinished(() => hub.close());
      const others = Array.from({ length: count - 1 }, () => undefined);
      const folder = folderWith({ 'm.json': manifest({ site: 'berlin' }, ...others) });
      const run = (command: string) => runOn(hub, folder, { command, manifest: 'm.json' }, { sleep: async () => {} });
      await run('apply');
      for (const id of ['d0', 'd1']) hub.registry.patchTwin(id, { tags: { owner: 'ops' } });
      expect((await run('verify')).result).toBe('in-sync');

      writeFileSync(join(folder, 'm.json'), manifest(undefined, ...others));
      const { result, changes } = await run('verify');
      expect(result).toBe('drift');
      expect(changes.filter(({ kind }) => kind !== 'unchanged')).toMatchObject([
        {
          id: 'd0',
          kind: 'update',
          registers: false,
          reasons: [{ field: 'tags.site', before: '"berlin"', after: null }],
        },
      ]);
      expect((await run('apply')).result).toBe('changed');
      for (const id of ['d0', 'd1']) expect(hub.registry.twin(id)).toMatchObject({ tags: { owner: 'ops' } });
      expect(JSON.stringify(hub.registry.twin('d0'))).not.toContain('berlin');
      expect((await run('verify')).result).toBe('in-sync');
    },
  );
});
