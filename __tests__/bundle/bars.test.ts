import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeBundles } from '../../src/bundle/directory.ts';
import { renderBundles } from '../../src/bundle/render.ts';
import type { Identity } from '../../src/model/identity.ts';
import { folderWith, memory } from '../support/folder.ts';
import { slowness } from '../support/machine.ts';
import { identityOf, now } from './material.ts';

const certificate = `-----BEGIN CERTIFICATE-----\n${'A'.repeat(64).concat('\n').repeat(12)}-----END CERTIFICATE-----\n`;

function fleet(version: string): readonly Identity[] {
  const config = {
    proxy: { https: 'http://proxy.plant.example:3128' },
    agent: {
      env: { UpstreamProtocol: 'AmqpWs' },
      createOptions: { HostConfig: { Binds: ['/iotedge/storage:/iotedge/storage'] } },
      registry: { server: 'contoso.azurecr.io', username: 'puller', passwordFrom: 'IOTEDGE_PW' },
    },
  };
  return Array.from({ length: 10_000 }, (_, n) =>
    identityOf({ id: `edge-${n}`, version, config }, { primary: certificate }),
  );
}

/** The best of three: other work on the machine can disturb a run, not make it faster than it is. */
async function best(limit: number, work: (run: number) => Promise<unknown>): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 3 && best > limit / 2; run++) {
    const start = performance.now();
    await work(run);
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

describe('10,000 devices', { timeout: 300_000 }, () => {
  it.each([
    ['config.yaml', '1.1'],
    ['config.toml', '1.5'],
  ])(
    'with a %s are rendered in under 1 s, and written in under 5 s to memory (best of three; a disk adds its own time)',
    async (name, version) => {
      const identities = fleet(version);
      const slow = slowness();
      const rendered = await best(1000 * slow, async () => {
        const bundles = await renderBundles(identities, { now });
        // A file is rendered when it is asked for.
        let length = 0;
        for (const { files } of bundles.value) for (const { text } of files) length += text.length;
        expect(length).toBeGreaterThan(10_000 * 1000);
      });
      const { value } = await renderBundles(identities, { now });
      expect(value).toHaveLength(10_000);
      expect(value[0]?.files[0]?.name).toBe(name);

      const parent = folderWith({}, memory);
      const written = await best(5000 * slow, (run) => writeBundles(join(parent, `${run}`), value));
      console.log(
        `${name} of 10,000: rendered in ${Math.round(rendered)} ms, written to ${memory} in ${Math.round(written)} ms, bars stretched by ${slow.toFixed(1)}`,
      );
      expect(rendered).toBeLessThan(1000 * slow);
      expect(written).toBeLessThan(5000 * slow);
    },
  );
});
