import { AsyncLocalStorage } from 'node:async_hooks';
import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Bundle } from '../model/bundle.ts';
import { messageOf } from '../model/fault.ts';
import { cutShort } from '../model/stop.ts';
import { githubFault } from './faults.ts';
import { githubLines } from './lines.ts';

export type ArtifactMode = 'device' | 'fleet' | 'none';

export interface UploadOptions {
  readonly mode: ArtifactMode;
  /** If absent, the repository's own setting decides. */
  readonly retentionDays?: number | undefined;
  /** Receives one line for each artifact. */
  readonly log: (line: string) => void;
  /** How long an upload may take, in milliseconds, by its bytes. */
  readonly limit?: ((bytes: number) => number) | undefined;
}

/** The result of the uploads. Names and ids are in the order of the bundles. */
export interface Uploads {
  readonly ids: readonly number[];
  readonly names: readonly string[];
  readonly failures: readonly UploadFailure[];
  /** Says why the artifacts differ from the mode that was asked for; absent if they do not. */
  readonly notice?: string;
}

interface UploadFailure {
  readonly artifact: string;
  readonly devices: readonly string[];
  /** A sentence with artifact, devices and reason. */
  readonly message: string;
  /** Whether an artifact of this name exists in the run already. */
  readonly nameTaken: boolean;
}

/**
 * Uploads the bundles that `writeBundles` has written to `directory` (absolute). The mode `device` makes one artifact
 * for each device, `fleet` one for all, `none` makes none. When one upload fails, the others go on; when one takes too
 * long, none begins after it. Throws a `Fault` where no upload is possible: outside GitHub Actions, and on GitHub
 * Enterprise Server.
 */
export async function uploadBundles(
  bundles: readonly Bundle[],
  directory: string,
  options: UploadOptions,
): Promise<Uploads> {
  const { artifacts, notice } = artifactsOf(bundles, directory, options.mode);
  const [first, ...others] = artifacts;
  if (first === undefined) return { ids: [], names: [], failures: [] };
  requireUploads();
  const results = await withoutChatter(async (quietly) => {
    const upload = await uploader(options, quietly);
    // Upload the first artifact alone: a refusal that concerns all of them is then reported once.
    return [await upload(first), ...(await inFlight(8, others, upload))];
  });
  const uploaded = results.filter((result) => 'id' in result);
  return {
    ids: uploaded.map(({ id }) => id),
    names: uploaded.map(({ artifact }) => artifact),
    failures: results.filter((result) => 'message' in result),
    ...(notice === undefined ? {} : { notice }),
  };
}

/** What can be uploaded beside bundles: report.html. */
export interface PageUpload {
  /** Absolute. */
  readonly file: string;
  /** The names that the artifact may have. The first one that no other job of the run has taken is used. */
  readonly names: readonly string[];
}

/** Uploads report.html. Returns its id, or undefined if it could not be uploaded: the log then says why. */
export async function uploadPage(
  { file, names }: PageUpload,
  options: Omit<UploadOptions, 'mode'>,
): Promise<number | undefined> {
  const { size } = statSync(file);
  return withoutChatter(async (quietly) => {
    const upload = await uploader(options, quietly);
    for (const name of names) {
      const result = await upload({ name, devices: [], files: [file], root: dirname(file), bytes: size });
      if ('id' in result) return result.id;
      if (!result.nameTaken) return undefined;
    }
    return undefined;
  });
}

type Result = { readonly artifact: string; readonly id: number } | UploadFailure;

interface Artifact {
  readonly name: string;
  readonly devices: readonly string[];
  /** Absolute paths. Inside the artifact they are relative to `root`. */
  readonly files: readonly string[];
  readonly root: string;
  /** The length of the files. */
  readonly bytes: number;
}

// GitHub takes 500 artifacts from a job. Leave some of them to the other steps of the workflow.
const mostSingle = 400;
const mostOfAJob = 500;
const groupSize = 200;

function artifactsOf(
  bundles: readonly Bundle[],
  directory: string,
  mode: ArtifactMode,
): { readonly artifacts: readonly Artifact[]; readonly notice?: string } {
  if (mode === 'none' || bundles.length === 0) return { artifacts: [] };
  const folderOf = (bundle: Bundle) => join(directory, ...bundle.directory.split('/'));
  const artifact = (name: string, root: string, part: readonly Bundle[]): Artifact => ({
    name,
    root,
    devices: part.map(({ device }) => device),
    ...filesOf(part, folderOf),
  });
  const shared = sharedName(bundles);
  if (mode === 'fleet') return { artifacts: [artifact(shared, directory, bundles)] };
  if (bundles.length <= mostSingle) {
    return { artifacts: bundles.map((bundle) => artifact(bundle.artifact, folderOf(bundle), [bundle])) };
  }
  const size = Math.max(groupSize, Math.ceil(bundles.length / mostOfAJob));
  const artifacts = Array.from({ length: Math.ceil(bundles.length / size) }, (_, index) => {
    const number = String(index + 1).padStart(3, '0');
    return artifact(`${shared}-${number}`, directory, bundles.slice(index * size, (index + 1) * size));
  });
  const notice = githubLines['artifacts-shared']({
    devices: bundles.length,
    artifacts: artifacts.length,
    size,
    first: artifacts[0]?.name ?? '',
    last: artifacts.at(-1)?.name ?? '',
    mostSingle,
    mostOfAJob,
  });
  return { artifacts, notice };
}

function filesOf(part: readonly Bundle[], folderOf: (bundle: Bundle) => string): Pick<Artifact, 'files' | 'bytes'> {
  const files: string[] = [];
  let bytes = 0;
  for (const bundle of part) {
    for (const { name, text } of bundle.files) {
      files.push(join(folderOf(bundle), name));
      bytes += Buffer.byteLength(text);
    }
  }
  return { files, bytes };
}

/**
 * Returns `iot-edge-devices`, followed by the hub's name if the job uploads one hub of several: the jobs of a run must
 * not use the same artifact name.
 */
function sharedName(bundles: readonly Bundle[]): string {
  const hubs = new Set(bundles.map(({ directory }) => directory.split('/').slice(0, -1).join('/')));
  const [hub = ''] = hubs;
  return hubs.size === 1 && hub !== '' ? `iot-edge-devices-${hub}` : 'iot-edge-devices';
}

/**
 * Throws a usage `Fault` where artifacts cannot be uploaded: on GitHub Enterprise Server and outside GitHub Actions. An
 * Enterprise Server may set the variables too, so its address is judged first.
 */
export function requireUploads(): void {
  if (isEnterpriseServer(process.env.GITHUB_SERVER_URL)) throw githubFault('uploads-on-enterprise-server', {});
  for (const name of ['ACTIONS_RUNTIME_TOKEN', 'ACTIONS_RESULTS_URL']) {
    if (!process.env[name]) throw githubFault('uploads-outside-actions', { variable: name });
  }
}

/**
 * Tells whether @actions/artifact takes this server for an Enterprise Server. It does so only when it uploads:
 * `isGhes` in https://github.com/actions/toolkit/blob/main/packages/artifact/src/internal/shared/config.ts
 */
function isEnterpriseServer(url: string | undefined): boolean {
  const { hostname } = new URL(URL.canParse(url || '') ? (url ?? '') : 'https://github.com');
  return !/(^github\.com|\.ghe\.com|\.localhost)$/i.test(hostname);
}

type Quietly = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * In milliseconds. The client tries five times and waits three minutes each time, for each of up to 500 artifacts. A slow line carries
 * 100 kB a second.
 */
function usualLimit(bytes: number): number {
  return 5 * 60_000 + bytes / 100;
}

async function uploader(
  { retentionDays, log, limit = usualLimit }: Omit<UploadOptions, 'mode'>,
  quietly: Quietly,
): Promise<(artifact: Artifact) => Promise<Result>> {
  // The module has 4.6 MB, so load it only when there is something to upload.
  const { DefaultArtifactClient } = await import('@actions/artifact');
  const client = new DefaultArtifactClient();
  const settings = retentionDays === undefined ? {} : { retentionDays };
  let late: string | undefined;
  return async ({ name, devices, files, root, bytes }) => {
    try {
      if (late !== undefined) throw new Error(githubLines['not-tried']({ artifact: late }));
      const uploading = quietly(() => client.uploadArtifact(name, [...files], root, settings));
      const { id, size = 0 } = await within(limit(bytes), uploading, () => {
        late ??= name;
      });
      if (id === undefined) throw new Error('the service gave it no id');
      log(githubLines['artifact-uploaded']({ artifact: name, devices, id, size }));
      return { artifact: name, id };
    } catch (thrown) {
      const reason = messageOf(thrown);
      const nameTaken = reason.includes('(409)');
      const message = githubLines['artifact-failed']({ artifact: name, devices, reason, nameTaken });
      log(message);
      return { artifact: name, devices, message, nameTaken };
    }
  };
}

/** Rejects if the work takes longer, and calls `late` before. The work cannot be called off: it ends with the process. */
async function within<T>(milliseconds: number, work: Promise<T>, late: () => void): Promise<T> {
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), milliseconds);
  try {
    return await cutShort(over.signal, work, () => {
      late();
      throw new Error(githubLines['upload-late']({ seconds: Math.round(milliseconds / 1_000) }));
    });
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Keeps @actions/artifact from writing its nine lines for each artifact. It always logs by @actions/core, which writes
 * to standard output. So while `work` runs, plain lines that are written inside a call of `quietly` are dropped.
 * Everything else passes: lines from elsewhere, and workflow commands. `::add-mask::` must pass, or signed URLs could
 * be read in the log. `::debug::` passes only where debugging is on.
 */
async function withoutChatter<T>(work: (quietly: Quietly) => Promise<T>): Promise<T> {
  const quiet = new AsyncLocalStorage<true>();
  const passes = process.env.RUNNER_DEBUG === '1' ? /^::/ : /^::(?!debug)/;
  const { stdout } = process;
  const write = stdout.write;
  stdout.write = (chunk: string | Uint8Array, ...rest: readonly unknown[]): boolean => {
    if (quiet.getStore() === true && typeof chunk === 'string' && !passes.test(chunk)) return true;
    return Reflect.apply(write, stdout, [chunk, ...rest]);
  };
  try {
    return await work((call) => quiet.run(true, call));
  } finally {
    stdout.write = write;
  }
}

/** Runs `work` on the items, at most `limit` at a time. Returns the results in the order of the items. */
async function inFlight<T, R>(
  limit: number,
  items: readonly T[],
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}
