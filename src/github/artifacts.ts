import { AsyncLocalStorage } from 'node:async_hooks';
import { join } from 'node:path';
import type { Bundle } from '../model/bundle.ts';
import { Fault, messageOf } from '../model/fault.ts';

export type ArtifactMode = 'device' | 'fleet' | 'none';

export interface UploadOptions {
  readonly mode: ArtifactMode;
  /** Absent: as long as the repository keeps artifacts. */
  readonly retentionDays?: number | undefined;
  /** Gets one line for each artifact. */
  readonly log: (line: string) => void;
}

/** What became of the artifacts. Names and ids are in the order of the bundles. */
export interface Uploads {
  readonly ids: readonly number[];
  readonly names: readonly string[];
  readonly failures: readonly UploadFailure[];
  /** Why there are other artifacts than were asked for. */
  readonly notice?: string;
}

interface UploadFailure {
  readonly artifact: string;
  readonly devices: readonly string[];
  /** A sentence with artifact, devices and reason. */
  readonly message: string;
}

/**
 * Uploads what `writeBundles` has written to `directory` (absolute): `device`, an artifact for each device; `fleet`, one
 * for all; `none`, nothing. One that fails does not keep the others back. Throws a `Fault` where nothing can be uploaded
 * at all: outside GitHub Actions, and on GitHub Enterprise Server.
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
    // The first goes alone: a refusal that meets them all is said once.
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

type Result = { readonly artifact: string; readonly id: number } | UploadFailure;

interface Artifact {
  readonly name: string;
  readonly devices: readonly string[];
  /** Absolute paths; inside the artifact they are relative to `root`. */
  readonly files: readonly string[];
  readonly root: string;
}

// A job may make 500 artifacts; the workflow around us wants some too.
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
    files: part.flatMap((bundle) => bundle.files.map((file) => join(folderOf(bundle), file.name))),
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
  const notice =
    `${bundles.length} devices, more than ${mostSingle}, share ${artifacts.length} artifacts of up to ${size} devices each: ` +
    `${artifacts[0]?.name} to ${artifacts.at(-1)?.name} (GitHub takes ${mostOfAJob} artifacts a job).`;
  return { artifacts, notice };
}

/** `iot-edge-devices`; with the hub's name where a job uploads one hub of several, since jobs of a run share the names. */
function sharedName(bundles: readonly Bundle[]): string {
  const hubs = new Set(bundles.map(({ directory }) => directory.split('/').slice(0, -1).join('/')));
  const [hub = ''] = hubs;
  return hubs.size === 1 && hub !== '' ? `iot-edge-devices-${hub}` : 'iot-edge-devices';
}

/** Throws a usage `Fault` outside GitHub Actions, where there is nowhere to upload to. */
export function requireUploads(): void {
  for (const name of ['ACTIONS_RUNTIME_TOKEN', 'ACTIONS_RESULTS_URL']) {
    if (process.env[name]) continue;
    throw new Fault(
      `artifacts cannot be uploaded: ${name} is not set`,
      'Artifacts exist inside GitHub Actions only, for steps with uses:. Elsewhere set artifacts: none.',
      { kind: 'usage' },
    );
  }
}

type Quietly = <T>(work: () => Promise<T>) => Promise<T>;

async function uploader(
  { retentionDays, log }: UploadOptions,
  quietly: Quietly,
): Promise<(artifact: Artifact) => Promise<Result>> {
  // 4.6 MB: loaded only when there is something to upload.
  const { DefaultArtifactClient } = await import('@actions/artifact');
  const client = new DefaultArtifactClient();
  const settings = retentionDays === undefined ? {} : { retentionDays };
  return async ({ name, devices, files, root }) => {
    const whose = devices.length === 1 ? `device "${devices[0]}"` : `${devices.length} devices from "${devices[0]}" on`;
    try {
      const { id, size = 0 } = await quietly(() => client.uploadArtifact(name, [...files], root, settings));
      if (id === undefined) throw new Error('the service gave it no id');
      log(`artifact ${name} (${whose}): id ${id}, ${size} bytes`);
      return { artifact: name, id };
    } catch (thrown) {
      refuseServer(thrown);
      const message = `artifact ${name} (${whose}) was not uploaded: ${reasonOf(thrown)}`;
      log(message);
      return { artifact: name, devices, message };
    }
  };
}

function refuseServer(thrown: unknown): void {
  if (!(thrown instanceof Error) || thrown.name !== 'GHESNotSupportedError') return;
  throw new Fault(
    'artifacts cannot be uploaded: GitHub Enterprise Server does not take those of @actions/artifact 2 and newer',
    'Set artifacts: none, and hand on the folder bundles-directory another way (actions/upload-artifact@v3 works there).',
    { kind: 'usage', cause: thrown },
  );
}

function reasonOf(thrown: unknown): string {
  const message = messageOf(thrown);
  if (!message.includes('(409)')) return message;
  return `${message}. A run takes each name once: let one step of one job upload, and set artifacts: none in the others`;
}

/**
 * Keeps @actions/artifact from writing its nine lines for each artifact. It knows no other logger than @actions/core, which
 * writes to standard output; so for the time of `work`, plain lines written out of a call of `quietly` are dropped there.
 * Commands (`::add-mask::`, without which signed URLs could be read in the log, warnings, errors; `::debug::` where
 * debugging is on) pass, and so does everything else.
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

/** The results in the order of the items, at most `limit` at work at a time. */
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
