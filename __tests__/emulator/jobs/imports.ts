import { expect, onTestFinished } from 'vitest';
import { type EmbeddedHub, type HubOptions, startHub } from '../../../src/emulator/hub.ts';
import type { BlobService } from '../../support/blob-service.ts';
import { call } from '../clients.ts';
import { a40 } from '../devices/identities.ts';

let containers = 0;

/** Makes a container with devices to import. Lines are texts, or objects that become JSON. */
export async function containerOf(blobs: BlobService, lines: readonly (string | object)[], name = 'devices.txt') {
  containers += 1;
  const container = `container-${containers}`;
  await blobs.makeContainer(container);
  const text = lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('');
  const put = (blob: string, body: string) =>
    fetch(blobs.url(`${container}/${blob}`, 'cw'), {
      method: 'PUT',
      headers: { 'x-ms-blob-type': 'BlockBlob' },
      body,
    });
  await put(name, text);
  return {
    uri: (permissions: string) => blobs.url(container, permissions),
    put,
    async remove() {
      await fetch(blobs.url(`${container}/${name}`, 'd'), { method: 'DELETE' });
    },
    async errors() {
      const answer = await fetch(blobs.url(`${container}/importErrors.log`, 'r'));
      if (answer.status === 404) return undefined;
      return (await answer.text())
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
    },
  };
}
export type Container = Awaited<ReturnType<typeof containerOf>>;

export async function hubWith(options: HubOptions = {}): Promise<EmbeddedHub> {
  const hub = await startHub(options);
  onTestFinished(() => hub.close());
  return hub;
}

export function wantedJob(container: Container, more: object = {}) {
  return {
    type: 'import',
    inputBlobContainerUri: container.uri('r'),
    outputBlobContainerUri: container.uri('rwd'),
    ...more,
  };
}

/** Imports the container and waits for the end of the job. */
export async function imported(hub: EmbeddedHub, container: Container, more: object = {}) {
  const { status, json } = await call(hub, 'POST', '/jobs/create', { body: wantedJob(container, more) });
  expect(status).toBe(200);
  return ended(hub, json.jobId);
}

export async function ended(hub: EmbeddedHub, jobId: string) {
  let job: ReturnType<typeof JSON.parse>;
  const status = async () => {
    job = (await call(hub, 'GET', `/jobs/${jobId}`)).json;
    return job.status;
  };
  await expect.poll(status, { timeout: 60_000 }).toMatch(/completed|failed|cancelled/);
  return job;
}

export const line = (id: string, importMode: string, more: object = {}) => ({
  id,
  importMode,
  status: 'enabled',
  capabilities: { iotEdge: true },
  authentication: { type: 'selfSigned', x509Thumbprint: { primaryThumbprint: a40, secondaryThumbprint: a40 } },
  ...more,
});
