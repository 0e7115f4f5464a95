import { type ChildProcess, spawn } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

/** A real blob service (Azurite) on a free port of the loopback interface. Its state is in memory. */
export interface BlobService {
  makeContainer(name: string): Promise<void>;
  /**
   * The URL of a container, or of a blob as `container/blob` (encoded). Its signature allows `permissions` on blobs:
   * `r`, `cw`, `rwd`.
   */
  url(path: string, permissions: string): string;
  /** The names of the blobs of a container. */
  list(name: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

export async function startBlobService(): Promise<BlobService> {
  const account = 'account';
  const key = randomBytes(64);
  const child = spawn(
    process.execPath,
    [
      createRequire(import.meta.url).resolve('azurite/dist/src/blob/main.js'),
      ...[
        '--blobHost',
        '127.0.0.1',
        '--blobPort',
        '0',
        '--inMemoryPersistence',
        '--disableTelemetry',
        '--skipApiVersionCheck',
      ],
    ],
    {
      env: { ...process.env, AZURITE_ACCOUNTS: `${account}:${key.toString('base64')}` },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const end = () => child.kill();
  process.once('exit', end);
  const origin = await originOf(child);
  const signed = (path: string, permissions: string, type: 'c' | 'o') =>
    `${origin}/${account}/${path}${path.includes('?') ? '&' : '?'}${accountSignature(account, key, permissions, type)}`;

  return {
    async makeContainer(name) {
      const made = await fetch(signed(`${name}?restype=container`, 'c', 'c'), { method: 'PUT' });
      if (!made.ok) throw new Error(`Azurite made no container: ${made.status} ${await made.text()}`);
    },
    async list(name) {
      const answer = await fetch(signed(`${name}?restype=container&comp=list`, 'l', 'c'));
      return [...(await answer.text()).matchAll(/<Name>([^<]*)<\/Name>/g)].map(([, blob = '']) => blob);
    },
    url: (path, permissions) => signed(path, permissions, 'o'),
    async close() {
      process.off('exit', end);
      if (child.exitCode !== null) return;
      end();
      await once(child, 'exit');
    },
  };
}

async function originOf(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('Azurite has no output');
  for await (const line of createInterface(child.stdout)) {
    const origin = /successfully listens on (http:\S+)/.exec(line)?.[1];
    if (origin === undefined) continue;
    child.stdout.resume();
    return origin;
  }
  throw new Error('Azurite ended before it listened');
}

/** https://learn.microsoft.com/rest/api/storageservices/create-account-sas */
function accountSignature(account: string, key: Buffer, permissions: string, resourceType: 'c' | 'o'): string {
  const version = '2020-08-04';
  const expiry = `${new Date(Date.now() + 3_600_000).toISOString().slice(0, 19)}Z`;
  const text = [account, permissions, 'b', resourceType, '', expiry, '', '', version, ''].join('\n');
  const signature = createHmac('sha256', key).update(text).digest('base64');
  const parameters = { sv: version, ss: 'b', srt: resourceType, sp: permissions, se: expiry, sig: signature };
  return new URLSearchParams(parameters).toString();
}
