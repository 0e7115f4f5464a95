import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { type EmbeddedHub, startHub } from '../../src/emulator/hub.ts';
import { act, commit, runWorkflows, type Trigger, type WorkflowRun } from '../support/act.ts';
import { manifestOf, writeCertificates } from '../support/fleet.ts';
import { folderWith } from '../support/folder.ts';
import { type ResultsService, startResultsService } from '../support/results-service.ts';

const ids = ['edge-1', 'edge-2'] as const;
const repository = { full_name: 'octo/fleet', default_branch: 'main', private: true } as const;

const push = (branch = 'main') => ({ event: 'push', payload: { ref: `refs/heads/${branch}`, repository } });

const pullRequest = (event = 'pull_request', from = 'octo/fleet') => ({
  event,
  payload: {
    number: 7,
    repository,
    pull_request: { base: { ref: 'main' }, head: { ref: 'topic', repo: { full_name: from } } },
  },
});

describe.skipIf(act === undefined)('the reusable workflow, called as README shows, run by act', () => {
  it('plans a pull request, and writes nothing', async () => {
    const { hub, run } = await fleet();
    const { code, jobs, outputs, trace } = await run(pullRequest());
    expect(jobs, trace).toEqual({ plan: 'success', apply: 'skipped' });
    expect(code).toBe(0);
    expect(outputs.plan).toMatchObject({ result: 'changes', created: '2', 'artifact-ids': '' });
    expect(hub.registry.all()).toEqual([]);
    expect(hub.counts().registryWrites).toBe(0);
  });

  it("fails a pull request whose certificate has another device's common name, on the manifest's line", async () => {
    const { folder, hub, run } = await fleet();
    const wrong =
      '  - id: edge-3\n    certificates: { primary: certs/edge-1-primary.pem, secondary: certs/edge-1-secondary.pem }\n';
    const manifest = manifestOf(['edge-2'], wrong);
    writeFileSync(join(folder, 'devices.yaml'), manifest);
    commit(folder);
    const { code, jobs, annotations, trace } = await run(pullRequest());
    expect(jobs, trace).toEqual({ plan: 'failure', apply: 'skipped' });
    expect(code).toBe(1);
    expect(annotations).toContainEqual({
      severity: 'error',
      title: 'certificate/cn-mismatch',
      file: 'devices.yaml',
      line: String(manifest.split('\n').findIndex((line) => line.includes('edge-1-primary')) + 1),
      col: expect.any(String),
      message: expect.stringContaining('edge-1'),
    });
    expect(hub.counts().requests).toBe(0);
  });

  it('validates the pull request of a fork, which has no secrets', async () => {
    const { hub, run } = await fleet();
    const { jobs, annotations, trace } = await run({ ...pullRequest('pull_request', 'stranger/fleet'), secrets: {} });
    expect(jobs, trace).toEqual({ plan: 'success', apply: 'skipped' });
    expect(annotations).toContainEqual(
      expect.objectContaining({ severity: 'notice', message: expect.stringContaining('from forks have no secrets') }),
    );
    expect(hub.counts().requests).toBe(0);
  });

  it('applies a push to the default branch, uploads what devices need, and changes nothing the second time', async () => {
    const { folder, hub, run } = await fleet({ after: 'echo "told: $RESULT"' });
    const first = await resultsService();
    const merged = await run({ ...push(), env: first.environment });
    expect(merged.jobs, merged.trace).toEqual({ plan: 'skipped', apply: 'success', after: 'success' });
    expect(merged.code).toBe(0);
    expect(merged.outputs.apply).toMatchObject({ result: 'changed', created: '2', unchanged: '0' });
    expect(merged.log).toContain('told: changed');
    expect(hub.registry.all().map(({ deviceId }) => deviceId)).toEqual(ids);
    expect(first.artifacts.map(({ name }) => name).sort()).toEqual(ids.map((id) => `iot-edge-${id}`));
    const bundle = await first.files('iot-edge-edge-1');
    expect(parse(bundle['config.yaml']!).provisioning.authentication).toMatchObject({ device_id: 'edge-1' });
    expect(bundle['identity-certificate.pem']).toBe(readFileSync(join(folder, 'certs/edge-1-primary.pem'), 'utf8'));

    const { registryWrites } = hub.counts();
    const second = await resultsService();
    const again = await run({ ...push(), env: second.environment });
    expect(again.jobs, again.trace).toEqual({ plan: 'skipped', apply: 'success', after: 'success' });
    expect(again.outputs.apply).toMatchObject({ result: 'unchanged', created: '0', unchanged: '2' });
    expect(again.log).toContain('told: unchanged');
    expect(hub.counts().registryWrites).toBe(registryWrites);
    expect(second.artifacts).toHaveLength(2);
  });

  it('applies on a schedule, whose event names no repository', async () => {
    const { hub, run } = await fleet({ on: 'schedule: [{ cron: "0 3 * * *" }]', artifacts: 'none' });
    const { jobs, trace } = await run({ event: 'schedule', payload: { schedule: '0 3 * * *' } });
    expect(jobs, trace).toEqual({ plan: 'skipped', apply: 'success' });
    expect(hub.registry.all()).toHaveLength(2);
  });

  it.each([
    ['pull_request_target, which would give a stranger the secrets', pullRequest('pull_request_target')],
    ['a push to another branch', push('topic')],
    ['a tag of the same name', { event: 'push', payload: { ref: 'refs/tags/main', repository } }],
  ])('does nothing on %s', async (_, trigger) => {
    const { hub, run } = await fleet({ on: 'pull_request_target:' });
    const { code, jobs, trace } = await run(trigger);
    expect(jobs, trace).toEqual({ plan: 'skipped', apply: 'skipped' });
    expect(code).toBe(0);
    expect(hub.counts().requests).toBe(0);
  });
});

describe('the file of the reusable workflow', () => {
  const file: WorkflowFile = parse(readFileSync('.github/workflows/provision.yml', 'utf8'));
  const steps = Object.values(file.jobs).flatMap((job) => job.steps);

  it('runs no script, and no action of others that is not pinned to a commit', () => {
    expect(steps.filter(({ uses }) => uses !== '$/run' && !/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/.test(uses ?? ''))).toEqual(
      [],
    );
  });

  it('may read the contents of the repository, and nothing more', () => {
    expect(file.permissions).toEqual({});
    expect(Object.values(file.jobs).map(({ permissions }) => permissions)).toEqual([
      { contents: 'read' },
      { contents: 'read' },
    ]);
  });

  it("has the action's inputs with the action's defaults, and hands on every one", () => {
    const action: { inputs: Record<string, { default: string }> } = parse(readFileSync('action.yml', 'utf8'));
    const { environment: _, ...inputs } = file.on.workflow_call.inputs;
    for (const [name, input] of Object.entries(inputs)) {
      expect(String(input.default), name).toBe(action.inputs[name]?.default);
    }
    const handedOn = (job: string) => file.jobs[job]!.steps.find(({ uses }) => uses === '$/run')!.with!;
    const expected = Object.fromEntries(Object.keys(inputs).map((name) => [name, `\${{ inputs.${name} }}`]));
    const fixed = { 'connection-string': `\${{ secrets.IOTHUB_CONNECTION_STRING }}` };
    expect(handedOn('apply')).toEqual({ command: 'apply', ...fixed, ...expected });
    const { artifacts: __, ...planned } = expected;
    expect(handedOn('plan')).toEqual({ command: 'plan', ...fixed, ...planned });
  });
});

interface WorkflowFile {
  readonly on: { readonly workflow_call: { readonly inputs: Readonly<Record<string, { readonly default: unknown }>> } };
  readonly permissions: unknown;
  readonly jobs: Readonly<Record<string, { readonly permissions: unknown; readonly steps: readonly Step[] }>>;
}

interface Step {
  readonly uses?: string;
  readonly with?: Readonly<Record<string, string>>;
}

/** What a test changes in the workflow of README. */
interface Caller {
  /** One more trigger. */
  readonly on?: string;
  /** The input of this name. */
  readonly artifacts?: string;
  /** The script of a job after it, with the workflow's output in RESULT. */
  readonly after?: string;
}

/** A hub, and a repository with good certificates for two devices whose workflow provisions them there. */
async function fleet(caller: Caller = {}): Promise<{
  readonly folder: string;
  readonly hub: EmbeddedHub;
  readonly run: (trigger: Trigger) => Promise<WorkflowRun>;
}> {
  const hub = await startHub();
  onTestFinished(() => hub.close());
  const folder = folderWith({ 'devices.yaml': manifestOf(ids), '.github/workflows/provision.yml': workflow(caller) });
  await writeCertificates(folder, ids);
  commit(folder);
  const run = async (trigger: Trigger) => {
    const ended = await runWorkflows(folder, {
      secrets: { IOTHUB_CONNECTION_STRING: hub.connectionString },
      ...trigger,
      // The workflow has no input for another CA: on GitHub the hub is the real one.
      env: { NODE_EXTRA_CA_CERTS: hub.caFile, ...trigger.env },
    });
    const key = /SharedAccessKey=(.+)$/.exec(hub.connectionString)![1]!;
    expect(ended.log, 'the key is nowhere in the log').not.toContain(key);
    return ended;
  };
  return { folder, hub, run };
}

function workflow({ on, artifacts, after }: Caller): string {
  const blocks = [...readFileSync('README.md', 'utf8').matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, block]) => block!);
  const shown = blocks.find((block) => block.includes('/.github/workflows/provision.yml@v1'))!;
  const job = `
  after:
    needs: provision
    runs-on: ubuntu-latest
    steps:
      - run: |
          ${after}
        env:
          RESULT: \${{ needs.provision.outputs.result }}
`;
  return shown
    .replace(/^on:\n/m, on === undefined ? '$&' : `$&  ${on}\n`)
    .replace(/^ {4}with:\n/m, artifacts === undefined ? '$&' : `$&      artifacts: ${artifacts}\n`)
    .concat(after === undefined ? '' : job);
}

async function resultsService(): Promise<ResultsService> {
  const results = await startResultsService();
  onTestFinished(() => results.close());
  return results;
}
