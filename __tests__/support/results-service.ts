import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { strFromU8, unzipSync } from 'fflate';
import { startBlobService } from './blob-service.ts';

/** An artifact after FinalizeArtifact. */
interface StoredArtifact {
  readonly name: string;
  readonly id: number;
  readonly size: number;
  readonly hash: string | undefined;
  /** ISO 8601; undefined if the repository's own setting decides. */
  readonly expiresAt: string | undefined;
}

/** The artifacts of bundles: all but the fleet reports, which each plan and each apply uploads. */
export function bundlesIn<Named extends { readonly name: string }>(artifacts: readonly Named[]): readonly Named[] {
  return artifacts.filter(({ name }) => !name.startsWith('provision-iot-edge-report'));
}

const payload = Buffer.from(JSON.stringify({ scp: 'Actions.Results:run-id:job-id' })).toString('base64url');
/** A token in the form that @actions/artifact reads. */
export const resultsToken = `e30.${payload}.none`;

/** The part of GitHub's results service that uploads need, in front of a real blob service (Azurite). */
export interface ResultsService {
  /** The environment variables that make @actions/artifact upload here. */
  readonly environment: Readonly<Record<string, string>>;
  /** In the order in which they were completed. */
  readonly artifacts: readonly StoredArtifact[];
  /** Returns the bytes of the zip of an artifact, by its name or id. */
  download(artifact: string | number): Promise<Uint8Array>;
  /** Returns the files of the zip as text, by path, sorted. */
  files(artifact: string | number): Promise<Readonly<Record<string, string>>>;
  /** Refuses the artifact of this name from now on. */
  refuse(name: string, status?: number): void;
  /** Forgets all artifacts and refusals. */
  reset(): void;
  close(): Promise<void>;
}

/**
 * Starts the results service and the blob service on free ports of the loopback interface. Their state is in memory.
 */
export async function startResultsService(): Promise<ResultsService> {
  const blobs = await startBlobService();
  await blobs.makeContainer('artifacts');
  const refusals = new Map<string, number>();
  const created = new Map<string, { readonly expiresAt: string | undefined }>();
  const artifacts: StoredArtifact[] = [];
  const methods: Readonly<Record<string, (body: Record<string, unknown>) => Answer>> = {
    CreateArtifact({ name, expires_at: expiresAt }) {
      if (typeof name !== 'string') return [400, { msg: 'no name' }];
      const status = refusals.get(name);
      if (status !== undefined) return [status, { msg: 'refused by the test' }];
      if (created.has(name)) {
        return [409, { msg: 'an artifact with this name already exists on the workflow run' }];
      }
      created.set(name, { expiresAt: typeof expiresAt === 'string' ? expiresAt : undefined });
      return [200, { ok: true, signed_upload_url: blobs.url(artifactPath(name), 'cw') }];
    },
    FinalizeArtifact({ name, size, hash }) {
      const known = typeof name === 'string' ? created.get(name) : undefined;
      if (typeof name !== 'string' || known === undefined) return [404, { msg: 'unknown artifact' }];
      const id = artifacts.length + 1;
      artifacts.push({ name, id, size: Number(size), hash: typeof hash === 'string' ? hash : undefined, ...known });
      return [200, { ok: true, artifact_id: String(id) }];
    },
  };

  const server = createServer(async (request, response) => {
    const method =
      methods[
        /^\/twirp\/github\.actions\.results\.api\.v1\.ArtifactService\/(\w+)$/.exec(request.url ?? '')?.[1] ?? ''
      ];
    const trusted = request.headers.authorization === `Bearer ${resultsToken}`;
    const body = await readJson(request);
    const [status, answer] = !trusted ? refusal(401) : method === undefined ? refusal(404) : method(body);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  const port = await listen(server);

  const download = async (artifact: string | number) => {
    const name = artifacts.find(({ name, id }) => artifact === name || artifact === id)?.name;
    if (name === undefined)
      throw new Error(`no artifact ${artifact}; there are ${artifacts.map((a) => a.name).join(', ')}`);
    const response = await fetch(blobs.url(artifactPath(name), 'r'));
    if (!response.ok) throw new Error(`download of ${name}: ${response.status} ${await response.text()}`);
    return new Uint8Array(await response.arrayBuffer());
  };

  return {
    environment: {
      ACTIONS_RUNTIME_TOKEN: resultsToken,
      ACTIONS_RESULTS_URL: `http://127.0.0.1:${port}/`,
      // The client accepts hosts of GitHub and hosts below localhost. It takes all others for Enterprise Server and
      // refuses them.
      GITHUB_SERVER_URL: 'http://github.localhost',
    },
    artifacts,
    download,
    async files(artifact) {
      const entries = Object.entries(unzipSync(await download(artifact)));
      return Object.fromEntries(entries.map(([path, bytes]): [string, string] => [path, strFromU8(bytes)]).sort());
    },
    refuse: (name, status = 403) => void refusals.set(name, status),
    reset() {
      refusals.clear();
      created.clear();
      artifacts.length = 0;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await blobs.close();
    },
  };
}

function artifactPath(name: string): string {
  return `artifacts/${encodeURIComponent(name)}`;
}

type Answer = readonly [status: number, body: Readonly<Record<string, unknown>>];

function refusal(status: number): Answer {
  return [status, { msg: 'not for you' }];
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const text = Buffer.concat(await request.toArray()).toString();
  const body: unknown = text === '' ? {} : JSON.parse(text);
  return typeof body === 'object' && body !== null ? { ...body } : {};
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the results service has no port');
  return address.port;
}
