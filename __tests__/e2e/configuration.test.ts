import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startHub } from '../../src/emulator/hub.ts';
import { manifestOf, writeCertificates } from '../support/fleet.ts';
import { commitAll, git, hasGit, repositoryWith } from '../support/git.ts';
import { githubToken, startGitHubApi } from '../support/github-api.ts';
import { runAction } from './runner.ts';

const ids = ['edge-1', 'edge-2', 'edge-3'];
const withImage = (tag: string) =>
  manifestOf(ids).replace('devices:', `  config: { agent: { image: "registry.example/agent:${tag}" } }\ndevices:`);

describe.skipIf(!hasGit)('a pull request that changes what devices would run (needs git)', () => {
  it('shows it in the comment, the summary and the report, equal changes together, and cleans up', async () => {
    const hub = await startHub();
    onTestFinished(() => hub.close());
    const api = await startGitHubApi();
    const folder = repositoryWith({ 'devices.yaml': withImage('1.5.10') });
    await writeCertificates(folder, ids);
    commitAll(folder, 'certificates');
    const base = git(folder, 'rev-parse', 'HEAD').trim();
    git(folder, 'switch', '-q', '-c', 'update');
    writeFileSync(join(folder, 'devices.yaml'), withImage('1.5.21'));
    commitAll(folder, 'a newer agent');
    const head = git(folder, 'rev-parse', 'HEAD').trim();
    git(folder, 'switch', '-q', '--detach', base);
    git(folder, 'merge', '-q', '--no-ff', '-m', 'trial', 'update');

    const run = await runAction({
      workspace: folder,
      inputs: {
        command: 'plan',
        'connection-string': hub.connectionString,
        'ca-file': hub.caFile,
        'github-token': githubToken,
      },
      env: { GITHUB_EVENT_NAME: 'pull_request', GITHUB_REF: 'refs/pull/7/merge', GITHUB_API_URL: api.url },
      event: {
        pull_request: {
          number: 7,
          head: { sha: head, repo: { full_name: 'octo/fleet' } },
          base: { sha: base, ref: 'main' },
        },
      },
    });
    expect(run.code, run.stdout).toBe(0);
    const comments = api.commentsOn(7);
    expect(comments).toHaveLength(1);
    for (const text of [...comments, run.summary]) {
      const read = text.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code))).replace(/<[^>]+>/g, '');
      expect(read).toContain(
        '| edge-1, edge-2, edge-3 | agent.image | registry.example/agent:1.5.10 | registry.example/agent:1.5.21 |',
      );
    }
    const report = JSON.parse(readFileSync(run.outputs['report-file'] ?? '', 'utf8'));
    expect(report.configuration).toEqual([
      {
        key: 'agent.image',
        before: 'registry.example/agent:1.5.10',
        after: 'registry.example/agent:1.5.21',
        devices: ids,
      },
    ]);
    expect(git(folder, 'status', '--porcelain')).toBe('');
  });
});
