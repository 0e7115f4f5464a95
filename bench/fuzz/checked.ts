import { posix } from 'node:path';
import { check } from '../../src/check.ts';
import type { Finding } from '../../src/model/finding.ts';
import { StopSwitch } from '../../src/model/stop.ts';
import type { Workspace } from '../../src/model/workspace.ts';
import type { Request, World } from '../../src/run/request.ts';
import { expectThat } from './expect.ts';

/** The files of a workspace, by path. The manifests' names begin with `m.`. */
type Files = ReadonlyMap<string, Buffer>;

/** A workspace in memory: no input can make it read anything else. */
function workspaceOf(files: Files): Workspace {
  return {
    root: '/workspace',
    read: (path, limit) => {
      const bytes = files.get(path);
      if (bytes === undefined) return { ok: false, why: 'missing', detail: 'no such file' };
      return bytes.length <= limit
        ? { ok: true, bytes }
        : { ok: false, why: 'too-large', detail: `${bytes.length} bytes` };
    },
    find: async (patterns) => ({
      files: [...files.keys()].filter((name) =>
        patterns.some((pattern) => pattern === name || isGlobOf(name, pattern)),
      ),
      missing: [],
    }),
    spelled: (pattern) => pattern,
    filesBelow: (_, wanted) => ({
      files: [...files.keys()].filter((name) =>
        typeof wanted === 'function' ? wanted(name) : wanted.includes(posix.extname(name)),
      ),
    }),
    ignored: async () => new Set(),
  };
}

/** Any glob finds all files but the manifests. */
function isGlobOf(name: string, pattern: string): boolean {
  return pattern.includes('*') && !name.startsWith('m.');
}

/** All checks of `render`. Every device has a bundle, or a finding says at which place why not. */
export async function checked(files: Files): Promise<readonly Finding[]> {
  const workspace = workspaceOf(files);
  const manifests = [...files.keys()].filter((name) => name.startsWith('m.'));
  const request: Request = {
    command: 'render',
    manifests,
    hubs: [],
    outputDirectory: '/workspace/bundles',
    failOn: 'error',
    expiryWarningDays: 30,
    plan: { adopt: false, allowLockout: false, maxChanges: { kind: 'number', number: 10, text: '10' } },
    findings: [],
  };
  const { devices, bundles, findings } = await check(request, worldOf(workspace));
  expectThat(devices.length > 0 || findings.length > 0, 'no device, and no finding');
  const errors = findings.filter(({ severity }) => severity === 'error');
  expectThat(bundles.length === devices.length || errors.length > 0, 'a device without a bundle, and no error');
  for (const one of findings) expectThat(isPlaced(one, files), `${one.rule} has no place in a file`);
  return findings;
}

function isPlaced({ place }: Finding, files: Files): boolean {
  if (place === undefined || !files.has(place.file)) return false;
  const lines =
    (files
      .get(place.file)
      ?.toString('utf8')
      .split(/\r\n|\r|\n/).length ?? 0) + 1;
  return place.line === undefined || (place.line >= 1 && place.line <= lines);
}

function worldOf(workspace: Workspace): World {
  const asked = () => {
    throw new Error('a check asked for a hub');
  };
  return {
    workspace,
    openRegistry: asked,
    now: () => new Date(),
    sleep: async () => {},
    random: () => 0.5,
    stop: new StopSwitch(),
    progress: { phase: () => {}, warning: () => {}, written: () => {}, waiting: () => {}, counted: () => {} },
    checkPublishing: () => {},
    openHistory: asked,
  };
}
