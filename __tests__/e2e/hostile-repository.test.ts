import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { type EmbeddedHub, startHub } from '../../src/emulator/hub.ts';
import { gitFault } from '../../src/github/git/faults.ts';
import { runFault } from '../../src/run/faults.ts';
import { unread } from '../../src/run/unread.ts';
import { manifestOf, writeCertificates } from '../support/fleet.ts';
import { folderWith } from '../support/folder.ts';
import { commit, git, repositoryWith } from '../support/git.ts';
import { describeNeeding } from '../support/needing.ts';
import { type ActionRun, faultsOf, runAction, runCli, shown } from './runner.ts';

/** A repository with one device, beside a file that is not its own. */
async function repository(): Promise<{ readonly root: string; readonly victim: string }> {
  const outer = folderWith({ victim: 'SharedAccessKey=c2VjcmV0', 'repository/.git/config': '[core]\n' });
  const root = join(outer, 'repository');
  writeFileSync(join(root, 'devices.yaml'), manifestOf(['edge-1']));
  await writeCertificates(root, ['edge-1']);
  return { root, victim: join(outer, 'victim') };
}

async function run(root: string, inputs: Readonly<Record<string, string>>): Promise<ActionRun> {
  const hub = await startHub();
  onTestFinished(() => hub.close());
  return runAction({
    workspace: root,
    inputs: { 'connection-string': hub.connectionString, 'ca-file': hub.caFile, ...inputs },
  });
}

describeNeeding(['links and modes of POSIX'], 'a link of the repository', () => {
  it.each([
    ['../victim', unread.outside()],
    ['.git/config', unread.inGit()],
  ])('to %s as plan file is neither overwritten nor quoted', async (target, refused) => {
    const { root } = await repository();
    const path = join(root, 'plan.json');
    symlinkSync(target, path);
    const before = readFileSync(path, 'utf8');
    const at = { path, why: unread.link(refused) };
    const planned = await run(root, { command: 'plan', 'plan-file': 'plan.json' });
    expect(planned.code).toBe(1);
    expect(faultsOf(planned)).toEqual([shown(runFault('plan-refused', at))]);
    const applied = await run(root, { command: 'apply', 'plan-file': 'plan.json', artifacts: 'none' });
    expect(faultsOf(applied)).toEqual([shown(runFault('plan-unreadable', at))]);
    expect(readFileSync(path, 'utf8')).toBe(before);
    for (const { stdout, stderr, summary } of [planned, applied])
      expect(stdout + stderr + summary).not.toContain(before);
  });

  it('to the root of the machine is not walked through', async () => {
    const { root } = await repository();
    symlinkSync('/', join(root, 'x'));
    writeFileSync(
      join(root, 'devices.yaml'),
      'hub: a.example\ndefaults: { runtime: { version: "1.1", platform: debian } }\ndevices: { from: "x/**/*.pem" }\n',
    );
    const { code, stdout, milliseconds } = await runCli(['validate', '--json'], root);
    expect(code).toBe(1);
    const { findings } = JSON.parse(stdout);
    expect(findings.map(({ rule }: { rule: string }) => rule).sort()).toEqual([
      'manifest/empty',
      'manifest/link-not-followed',
    ]);
    expect(milliseconds).toBeLessThan(10_000);
  });
});

describeNeeding(['links and modes of POSIX'], 'a plan file that is no plan', () => {
  it('is not quoted', async () => {
    const { root, victim } = await repository();
    const applied = await run(root, { command: 'apply', 'plan-file': victim, artifacts: 'none' });
    expect(faultsOf(applied)).toEqual([shown(runFault('plan-not-json', { path: victim }))]);
    expect(applied.stdout + applied.stderr + applied.summary).not.toContain('SharedAccessKey=c2');
  });
});

describeNeeding(['links and modes of POSIX'], 'an endless file', () => {
  it('as certificate authority is refused at once', async () => {
    const { root } = await repository();
    const ended = await run(root, { command: 'plan', 'ca-file': '/dev/zero' });
    const why = unread.notAFile('device');
    expect(faultsOf(ended)).toEqual([shown(runFault('ca-file-unreadable', { why }))]);
    expect(ended.milliseconds).toBeLessThan(20_000);
  });
});

describeNeeding(['links and modes of POSIX'], 'the plan file of a caller', () => {
  it('may lie outside of the workspace, and behind links there', async () => {
    const { root } = await repository();
    const mine = folderWith();
    mkdirSync(join(mine, 'real'));
    symlinkSync('real', join(mine, 'link'));
    const planned = await run(root, { command: 'plan', 'plan-file': join(mine, 'link/plan.json') });
    expect(planned.outputs.result, planned.stdout).toBe('changes');
    expect(JSON.parse(readFileSync(join(mine, 'real/plan.json'), 'utf8'))).toMatchObject({ version: 1 });
  });

  it('is in the temporary folder of the runner, where none is named', async () => {
    const { root } = await repository();
    const planned = await run(root, { command: 'plan' });
    expect(planned.outputs['plan-file']).toBe(join(planned.temp, 'provision-iot-edge-plan.json'));
    expect(JSON.parse(readFileSync(planned.outputs['plan-file'] ?? '', 'utf8'))).toMatchObject({ version: 1 });
  });
});

describeNeeding(['git'], 'an apply that strangers can start', () => {
  const manifest = (...ids: readonly string[]) =>
    JSON.stringify({
      defaults: { runtime: { version: '1.1', platform: 'debian' } },
      devices: ids.map((id) => ({ id, thumbprints: { primary: id.charAt(0).repeat(40) } })),
    });

  /** A repository whose default branch declares `a`, with the head of a pull request checked out that declares `b` too. */
  function pullRequest(): { readonly root: string; readonly main: string; readonly head: string } {
    const root = repositoryWith({ 'devices.json': manifest('a') });
    const main = git(root, 'rev-parse', 'HEAD').trim();
    commit(root, 'a pull request', { 'devices.json': manifest('a', 'b') });
    return { root, main, head: git(root, 'rev-parse', 'HEAD').trim() };
  }

  async function applied(root: string, event: string, sha: string): Promise<{ run: ActionRun; hub: EmbeddedHub }> {
    const hub = await startHub();
    onTestFinished(() => hub.close());
    const inputs = {
      command: 'apply',
      artifacts: 'none',
      manifest: 'devices.json',
      'connection-string': hub.connectionString,
      'ca-file': hub.caFile,
    };
    const run = await runAction({ workspace: root, inputs, env: { GITHUB_EVENT_NAME: event, GITHUB_SHA: sha } });
    return { run, hub };
  }

  it.each(['pull_request_target', 'issue_comment', 'workflow_run'])(
    'on %s takes no head of a pull request',
    async (event) => {
      const { root, main, head } = pullRequest();
      const { run, hub } = await applied(root, event, main);
      expect([run.code, run.outputs.result], run.stdout).toEqual([1, 'failed']);
      expect(faultsOf(run)).toEqual([shown(gitFault('strangers-head', { event, commit: main, head }))]);
      expect([hub.registry.all(), hub.counts().requests]).toEqual([[], 0]);
    },
  );

  it('takes no file of it, and the default branch as it is', async () => {
    const { root, main } = pullRequest();
    git(root, 'checkout', '-q', main);
    writeFileSync(join(root, 'devices.json'), manifest('a', 'b'));
    const event = 'workflow_run';
    const theirs = await applied(root, event, main);
    const file = 'devices.json';
    expect(faultsOf(theirs.run)).toEqual([shown(gitFault('strangers-file', { event, commit: main, file }))]);
    expect(theirs.hub.registry.all()).toEqual([]);
    git(root, 'checkout', '-q', '--', '.');
    const { run, hub } = await applied(root, event, main);
    expect([run.code, run.outputs.result], run.stdout).toEqual([0, 'changed']);
    expect(hub.registry.all().map(({ deviceId }) => deviceId)).toEqual(['a']);
  });
});
