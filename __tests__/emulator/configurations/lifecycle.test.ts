import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startHub } from '../../../src/emulator/hub.ts';
import { stockRegistry } from '../clients.ts';

it('keeps configurations over a restart', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'configurations-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const first = await startHub({ directory });
  const client = stockRegistry(first);
  const content = { modulesContent: { $edgeAgent: { 'properties.desired': { schemaVersion: '1.1' } } } };
  await client.addConfiguration({ id: 'base', schemaVersion: '1.0', content, targetCondition: '*', priority: 3 });
  const { responseBody: before } = await client.getConfiguration('base');
  expect(before).toMatchObject({
    id: 'base',
    schemaVersion: '1.0',
    content,
    targetCondition: '*',
    priority: 3,
    etag: 'MQ==',
  });
  client.close();
  await first.close();
  const second = await startHub({ directory });
  const again = stockRegistry(second);
  expect((await again.getConfigurations()).responseBody).toEqual([before]);
  await again.updateConfiguration({ ...before, priority: 4 });
  expect((await again.getConfiguration('base')).responseBody).toMatchObject({ priority: 4, etag: 'Mg==' });
  await again.removeConfiguration('base');
  expect((await again.getConfigurations()).responseBody).toEqual([]);
  again.close();
  await second.close();
});
