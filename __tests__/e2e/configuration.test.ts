import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startHub } from '../../src/emulator/hub.ts';
import { manifestOf, writeCertificates } from '../support/fleet.ts';
import { folderWith } from '../support/folder.ts';
import { commitAll, git, repositoryWith } from '../support/git.ts';
import { githubToken, startGitHubApi } from '../support/github-api.ts';
import { describeNeeding } from '../support/needing.ts';
import { type ActionRun, runAction } from './runner.ts';

const ids = ['edge-1', 'edge-2', 'edge-3'];
const withImage = (tag: string) =>
  manifestOf(ids).replace('devices:', `  config: { agent: { image: "registry.example/agent:${tag}" } }\ndevices:`);

/** A pull request, and the inputs of the run on its trial merge. */
interface PullRequest {
  readonly before: Readonly<Record<string, string>>;
  /** Changes the work tree. Gets the root of it. */
  readonly change: (folder: string) => void;
  readonly from?: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** What else happens in the work tree before the run. */
  readonly prepare?: (folder: string) => void;
  /** What the workflow checks out: GitHub's trial merge, or the head of the pull request. */
  readonly checkedOut?: 'merge' | 'head';
}

async function runOn(pullRequest: PullRequest): Promise<ActionRun> {
  const { before, change, from = 'octo/fleet', inputs, env = {}, prepare, checkedOut = 'merge' } = pullRequest;
  const folder = repositoryWith(before);
  await writeCertificates(folder, ids);
  commitAll(folder, 'certificates');
  const base = git(folder, 'rev-parse', 'HEAD').trim();
  git(folder, 'switch', '-q', '-c', 'update');
  change(folder);
  commitAll(folder, 'a newer agent');
  const head = git(folder, 'rev-parse', 'HEAD').trim();
  git(folder, 'switch', '-q', '--detach', base);
  git(folder, 'merge', '-q', '--no-ff', '-m', 'trial', 'update');
  const merge = git(folder, 'rev-parse', 'HEAD').trim();
  if (checkedOut === 'head') git(folder, 'switch', '-q', '--detach', head);
  prepare?.(folder);
  const run = await runAction({
    workspace: folder,
    inputs: { command: 'plan', 'github-token': githubToken, ...inputs },
    env: { GITHUB_EVENT_NAME: 'pull_request', GITHUB_REF: 'refs/pull/7/merge', GITHUB_SHA: merge, ...env },
    event: {
      pull_request: { number: 7, head: { sha: head, repo: { full_name: from } }, base: { sha: base, ref: 'main' } },
    },
  });
  expect(git(folder, 'status', '--porcelain')).toBe('');
  return run;
}

const newImage = {
  key: 'agent.image',
  before: 'registry.example/agent:1.5.10',
  after: 'registry.example/agent:1.5.21',
  devices: ids,
};

function configurationIn(run: ActionRun): unknown {
  return JSON.parse(readFileSync(run.outputs['report-file'] ?? '', 'utf8')).configuration;
}

/** Returns the text of a page without its markup. */
function read(markdown: string): string {
  return markdown.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code))).replace(/<[^>]+>/g, '');
}

const update = (folder: string) => writeFileSync(join(folder, 'devices.yaml'), withImage('1.5.21'));

describeNeeding(['git'], 'a pull request that changes what devices would run', () => {
  it('shows it in the comment, the summary and the report, equal changes together, and cleans up', async () => {
    const hub = await startHub();
    onTestFinished(() => hub.close());
    const api = await startGitHubApi();
    const run = await runOn({
      before: { 'devices.yaml': withImage('1.5.10') },
      change: update,
      inputs: { 'connection-string': hub.connectionString, 'ca-file': hub.caFile },
      env: { GITHUB_API_URL: api.url },
    });
    expect(run.code, run.stdout).toBe(0);
    const comments = api.commentsOn(7);
    expect(comments).toHaveLength(1);
    for (const text of [...comments, run.summary]) {
      expect(read(text)).toContain(
        '| edge-1, edge-2, edge-3 | agent.image | registry.example/agent:1.5.10 | registry.example/agent:1.5.21 |',
      );
    }
    expect(configurationIn(run)).toEqual([newImage]);
  });

  it('shows it on one of a fork too, which has no secrets, and writes no comment', async () => {
    const api = await startGitHubApi();
    const run = await runOn({
      before: { 'devices.yaml': withImage('1.5.10') },
      change: update,
      from: 'stranger/fleet',
      inputs: {},
      env: { GITHUB_API_URL: api.url },
    });
    expect(run.code, run.stdout).toBe(0);
    expect(configurationIn(run)).toEqual([newImage]);
    expect(read(run.summary)).toContain('registry.example/agent:1.5.21');
    expect(api.commentsOn(7)).toEqual([]);
  });

  it('shows it where another device has an error', async () => {
    const stranger = 'HostName=gone.localhost:1;SharedAccessKeyName=reader;SharedAccessKey=c2VjcmV0';
    const wrong = await runOn({
      before: { 'devices.yaml': withImage('1.5.10') },
      change: (folder) =>
        writeFileSync(join(folder, 'devices.yaml'), `${withImage('1.5.21')}  - id: "edge 4"\n  - id: edge-5\n`),
      inputs: { 'connection-string': stranger, comment: 'never' },
    });
    expect(wrong.outputs.result).toBe('invalid');
    expect(configurationIn(wrong)).toEqual([newImage]);
  });

  it('follows a manifest that is renamed, and shows the values of a config.yaml that changes beside it', async () => {
    const config = (image: string) =>
      `agent:\n  name: "edgeAgent"\n  type: "docker"\n  env: {}\n  config:\n    image: "${image}"\n    auth: {}\nhostname: "plant"\n`;
    const manifest = manifestOf(ids).replace('devices:', '  config: { base: base/config.yaml }\ndevices:');
    const run = await runOn({
      before: { 'fleet.yaml': manifest, 'base/config.yaml': config('registry.example/agent:1.5.10') },
      change: (folder) => {
        git(folder, 'mv', 'fleet.yaml', 'devices.yaml');
        writeFileSync(join(folder, 'base/config.yaml'), config('registry.example/agent:1.5.21'));
      },
      from: 'stranger/fleet',
      inputs: {},
    });
    expect(configurationIn(run)).toEqual([newImage]);
  });

  it('shows it although the pull request names a filter for its files, and does not run the filter', async () => {
    const marks = folderWith();
    const run = await runOn({
      before: { 'devices.yaml': withImage('1.5.10') },
      change: (folder) => {
        update(folder);
        writeFileSync(join(folder, '.gitattributes'), '*.yaml filter=evil\n');
      },
      prepare: (folder) => {
        git(
          folder,
          'config',
          'filter.evil.smudge',
          `touch '${join(marks, 'ran')}'; cat ${join(folder, 'devices.yaml')}`,
        );
        git(folder, 'config', 'filter.evil.clean', 'cat');
      },
      from: 'stranger/fleet',
      inputs: {},
    });
    expect(configurationIn(run), run.stdout).toEqual([newImage]);
    expect(existsSync(join(marks, 'ran'))).toBe(false);
  });

  it('compares with the base of the event where the head is checked out, whatever its author has merged', async () => {
    const run = await runOn({
      before: { 'devices.yaml': withImage('1.5.10') },
      change: update,
      prepare: (folder) => {
        // The first parent of this merge has what the pull request wants to have.
        const head = git(folder, 'rev-parse', 'HEAD').trim();
        git(folder, 'switch', '-q', '--detach', 'main');
        commitAll(folder, 'nothing');
        git(folder, 'switch', '-q', '--detach', head);
        git(folder, 'merge', '-q', '--no-ff', '-m', 'merge', '@{-1}');
      },
      from: 'stranger/fleet',
      inputs: {},
      checkedOut: 'head',
    });
    expect(configurationIn(run), run.stdout).toEqual([newImage]);
  });

  it('tells that the base cannot be read', async () => {
    const run = await runOn({
      before: { 'devices.yaml': 'devices: [\n' },
      change: update,
      from: 'stranger/fleet',
      inputs: {},
    });
    expect(run.code, run.stdout).toBe(0);
    expect(configurationIn(run)).toEqual([]);
    const { findings } = JSON.parse(readFileSync(run.outputs['report-file'] ?? '', 'utf8'));
    expect(findings.map(({ rule }: { rule: string }) => rule)).toContain('manifest/base-unread');
  });
});
