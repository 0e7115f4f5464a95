// Runs a client beside a blob service: `node with-blobs.ts CLIENT [ARGUMENT…]`. INPUT and OUTPUT are what import jobs read and write.
import { spawnSync } from 'node:child_process';
import { startBlobService } from '../../support/blob-service.ts';

const [, , client = '', ...args] = process.argv;
const blobs = await startBlobService();
await blobs.makeContainer('input');
await blobs.makeContainer('output');
await fetch(blobs.url('input/devices.txt', 'cw'), {
  method: 'PUT',
  headers: { 'x-ms-blob-type': 'BlockBlob' },
  body: `${JSON.stringify({ id: 'imported-1', importMode: 'create', status: 'enabled' })}\n`,
});
const env = { ...process.env, INPUT: blobs.url('input', 'r'), OUTPUT: blobs.url('output', 'rwd') };
const { status } = spawnSync(client, args, { env, stdio: 'inherit' });
await blobs.close();
process.exitCode = status ?? 1;
