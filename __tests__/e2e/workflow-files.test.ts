import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { publishedOwner, repositoryName } from '../../scripts/repository-name.ts';
import { folderWith } from '../support/folder.ts';
import { isThere } from '../support/tools.ts';

const names = ['provision', 'release-configs', 'watch'] as const;

describe.each(names)('the reusable workflow %s.yml', (name) => {
  const file = read(name);
  const jobs = Object.values(file.jobs);
  const steps = jobs.flatMap((job) => job.steps);

  it('runs no action of others that is not pinned to a commit, with its version beside it', () => {
    const ours = ['$/run', '$/.github/actions/pack'];
    const others = steps.flatMap(({ uses }) => (uses === undefined || ours.includes(uses) ? [] : [uses]));
    for (const uses of others) expect(uses).toMatch(/^[\w-]+(\/[\w-]+)+@[0-9a-f]{40}$/);
    const text = readFileSync(`.github/workflows/${name}.yml`, 'utf8');
    expect(text.match(/uses: [\w-]+\/.*$/gm)?.filter((line) => !/@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual(
      [],
    );
  });

  it('has no expression in a script, where the text of a user could become code', () => {
    for (const { run = '' } of steps) expect(run).not.toContain('${{');
  });

  it('keeps no credentials after a checkout', () => {
    const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'));
    expect(checkouts).not.toEqual([]);
    for (const checkout of checkouts) expect(checkout.with).toMatchObject({ 'persist-credentials': false });
  });

  it('describes every input, secret and output', () => {
    const { inputs, secrets = {}, outputs } = file.on.workflow_call;
    for (const described of [inputs, secrets, outputs].flatMap(Object.values)) {
      expect(described.description).toMatch(/\w{3}.*\.$/);
    }
  });

  it('ends in time', () => {
    for (const job of jobs) expect(job['timeout-minutes']).toBeGreaterThan(0);
  });

  it("has the action's defaults, but for what is its own", () => {
    for (const [input, { default: value }] of Object.entries(file.on.workflow_call.inputs)) {
      if (own[name].includes(input)) continue;
      expect(String(value), input).toBe(action.inputs[input]?.default);
    }
  });

  it("gives the action's job only inputs that the action has", () => {
    const given = steps.filter(({ uses }) => uses === '$/run').flatMap(({ with: inputs = {} }) => Object.keys(inputs));
    expect(given.filter((input) => !(input in action.inputs))).toEqual([]);
  });
});

describe('what the jobs of the reusable workflows may do', () => {
  it('provision.yml: what asks a hub has what the caller grants, the rest has nothing', () => {
    expect(permissionsIn('provision')).toEqual({
      ...{ plan: undefined, propose: undefined, apply: undefined, 'code-scanning': undefined },
      ...{ refuse: {}, hubs: {}, total: {}, bundles: { contents: 'read' } },
    });
  });

  it('watch.yml: has what the caller grants', () => {
    expect(permissionsIn('watch')).toEqual({ watch: undefined });
  });

  it('release-configs.yml: attaches, signs and stores', () => {
    const release = { contents: 'write', 'id-token': 'write', attestations: 'write' };
    expect(permissionsIn('release-configs')).toEqual({ release });
    expect(read('release-configs').permissions).toEqual({});
  });
});

describe('provision.yml', () => {
  const { jobs, on } = read('provision');
  const { inputs } = on.workflow_call;
  const handedOn = (job: 'plan' | 'propose' | 'apply' | 'bundles') =>
    jobs[job]!.steps.find(({ uses }) => uses === '$/run')!.with!;
  const same = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, of(`inputs.${name}`)]));
  const ofJobs = ['plan-client-id', 'environment', 'approve', 'sarif', 'runs-on'];
  const ofBoth = Object.keys(inputs).filter((name) => !ofJobs.includes(name));
  const readers = {
    'client-id': of('inputs.plan-client-id || inputs.client-id'),
    'connection-string': of('secrets.IOTHUB_READER_CONNECTION_STRING || secrets.IOTHUB_CONNECTION_STRING'),
  };
  const strings = { 'connection-string': of('secrets.IOTHUB_CONNECTION_STRING') };
  const toDefault = 'github.base_ref == github.event.repository.default_branch';

  it('hands every input to the plan, with the reading identity', () => {
    const prune = of(`${toDefault} && inputs.prune || 'none'`);
    expect(handedOn('plan')).toEqual({ command: 'plan', ...same(ofBoth), ...readers, prune });
  });

  it('hands the same to the plan before an apply, but the comment and the choice of what is pruned', () => {
    const { comment: _, ...planned } = handedOn('plan');
    expect(handedOn('propose')).toEqual({ ...planned, prune: of('inputs.prune') });
  });

  it('hands on the plan by the id of its artifact, and applies nothing else', () => {
    const { steps } = jobs.apply!;
    const download = steps.findIndex(({ uses }) => uses?.startsWith('actions/download-artifact@'));
    expect(steps[download]).toMatchObject({ if: "inputs.approve == 'plan'" });
    expect(steps[download]!.with).toEqual({
      'artifact-ids': of('needs.propose.outputs.plan'),
      path: `${of('runner.temp')}/provision-iot-edge-planned`,
    });
    expect(jobs.propose!.outputs!.plan).toBe(of('steps.keep.outputs.artifact-id'));
    expect(steps[download + 1]!.uses).toBe('$/run');
    expect(handedOn('apply')['plan-file']).toContain('provision-iot-edge-planned/provision-iot-edge-plan.json');
  });

  it('renders bundles without an environment, a secret, or a hub to ask', () => {
    const names = ['manifest', 'hub', 'artifacts', 'retention-days', 'fail-on', 'expiry-warning-days', 'rules'];
    expect(handedOn('bundles')).toEqual({ command: 'render', ...same(names), 'only-hub': of('matrix.hub') });
  });

  it('puts the apply job alone behind the environment and into the group of its hub', () => {
    const having = (key: 'environment' | 'concurrency') => Object.keys(jobs).filter((id) => key in jobs[id]!);
    expect(having('environment')).toEqual(['apply']);
    expect(having('concurrency')).toEqual(['apply']);
  });

  it('runs what asks a hub where the caller says, and the rest on a runner of GitHub', () => {
    const chosen = Object.keys(jobs).filter((id) => jobs[id]!['runs-on'] !== 'ubuntu-latest');
    expect(chosen).toEqual(['plan', 'propose', 'apply']);
    const everywhere = [...chosen.map((id) => jobs[id]!), ...Object.values(read('watch').jobs)];
    expect(new Set(everywhere.map((job) => job['runs-on'])).size).toBe(1);
  });

  it('hands every input to the apply of each hub but the comment, with the writing identity', () => {
    const applied = same(ofBoth.filter((name) => name !== 'comment'));
    const imports = { 'import-container': of('secrets.IOTHUB_IMPORT_CONTAINER') };
    const one = { 'only-hub': of('matrix.hub'), 'plan-file': expect.any(String) };
    expect(handedOn('apply')).toEqual({ command: 'apply', ...strings, ...applied, ...imports, ...one });
  });

  it('applies in a hub one after another, hubs side by side, none stopped by another', () => {
    expect(jobs.apply).toMatchObject({
      strategy: { 'fail-fast': false },
      concurrency: { group: expect.stringContaining('matrix.hub'), queue: 'max', 'cancel-in-progress': false },
    });
  });

  it.skipIf(!isThere('jq')).each([
    ['', ['']],
    [' \n\r\n', ['']],
    ['contoso.azure-devices.net', ['contoso.azure-devices.net']],
    ['  B.example \r\na.example\n\nb.example\n', ['a.example', 'b.example']],
    ['$(id) "quoted" \\', ['"quoted"', '$(id)', '\\']],
    // The environment of a hub may not change with the name that is called: GitHub would make one that guards nothing.
    ['Contoso.Service.azure-devices.net', ['contoso.azure-devices.net']],
    [
      'a.azure-devices.net a.device.azure-devices.net a.b.device.azure-devices.net a.device.azure-devices.cn',
      ['a.azure-devices.net', 'a.b.device.azure-devices.net', 'a.device.azure-devices.cn'],
    ],
  ])('makes of the hubs %j the jobs %j (needs jq)', (given, expected) => {
    expect(JSON.parse(hubsStep(given, 'production').hubs ?? '')).toEqual(expected);
  });

  it.skipIf(!isThere('jq')).each([
    ['production-{0}', '', false],
    ['production-{0}', ' \n', false],
    ['production-{0}', 'a.example', true],
    ['production', '', true],
    ['', '', true],
  ])('with the environment %j and the hubs %j goes on: %j (needs jq)', (environment, hubs, goesOn) => {
    const step = hubsStep(hubs, environment);
    expect(step.hubs !== undefined).toBe(goesOn);
    expect(step.said.startsWith('::error title=environment::')).toBe(!goesOn);
  });

  it.skipIf(!isThere('jq')).each([
    ['plan', 'production', 'a.example', true],
    ['plan', '', 'a.example', false],
    ['plan', 'production', '', false],
    ['Plan', 'production', 'a.example', false],
    ['true', '', '', false],
  ])(
    'with approve %j, the environment %j and the hubs %j goes on: %j (needs jq)',
    (approve, environment, hubs, goesOn) => {
      const step = hubsStep(hubs, environment, approve);
      expect(step.hubs !== undefined).toBe(goesOn);
      expect(step.said.startsWith('::error title=approve::')).toBe(!goesOn);
    },
  );

  it.skipIf(!isThere('jq')).each([
    [[], [], { created: 0, unchanged: 0, 'artifact-ids': '' }],
    [[{ created: 1, unchanged: 2, artifactIds: [7, 8] }], [], { created: 1, unchanged: 2, 'artifact-ids': '7,8' }],
    [
      [
        { created: 1, unchanged: 2, artifactIds: [7] },
        { created: 0, unchanged: 0, artifactIds: [9] },
      ],
      ['b.example'],
      { created: 1, unchanged: 6, 'artifact-ids': '7,9' },
    ],
  ])(
    'adds up the outcomes %j and those of the hubs %j, where nothing changes (needs jq)',
    (outcomes, unchanged, sums) => {
      const planned = {
        created: 9,
        hubs: { 'a.example': { created: 9, unchanged: 1 }, 'b.example': { unchanged: 4 } },
      };
      const folder = folderWith({
        output: '',
        ...Object.fromEntries(outcomes.map((one, index) => [`outcomes/${index}/outcome.json`, JSON.stringify(one)])),
        ...(unchanged.length === 0
          ? {}
          : { 'planned/a-plan.json': '{}', 'planned/provision-iot-edge-outcome.json': JSON.stringify(planned) }),
      });
      const { run = '' } = jobs.total!.steps.at(-1)!;
      const output = join(folder, 'output');
      const env = { PATH: process.env.PATH, UNCHANGED: JSON.stringify(unchanged), GITHUB_OUTPUT: output };
      const { status, stderr } = spawnSync('bash', ['-eo', 'pipefail', '-c', run], {
        cwd: folder,
        env,
        encoding: 'utf8',
      });
      expect(status, stderr).toBe(0);
      const told = Object.fromEntries(
        readFileSync(output, 'utf8')
          .trim()
          .split('\n')
          .map((line) => line.split('=')),
      );
      expect(told).toMatchObject(Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, String(sum)])));
      expect(Object.keys(told)).toEqual(Object.keys(jobs.total!.outputs!));
    },
  );

  /** Runs the step. Returns the hubs that it puts out, undefined if it fails, and what it prints. */
  function hubsStep(
    given: string,
    environment: string,
    approve = '',
  ): { readonly hubs: string | undefined; readonly said: string } {
    const file = join(folderWith({ output: '' }), 'output');
    const { run = '' } = jobs.hubs!.steps[0]!;
    const env = {
      PATH: process.env.PATH,
      HUBS: given,
      ENVIRONMENT: environment,
      APPROVE: approve,
      MANIFEST: 'devices.yaml',
      GITHUB_OUTPUT: file,
    };
    const { status, stdout } = spawnSync('bash', ['-eo', 'pipefail', '-c', run], { env, encoding: 'utf8' });
    const [, hubs] = /^hubs=(.*)\nseveral=(?:true|false)\ncall=[0-9a-f]{8}\n$/.exec(readFileSync(file, 'utf8')) ?? [];
    expect(status).toBe(hubs === undefined ? 1 : 0);
    return { hubs, said: stdout };
  }

  it('fetches the commit before, which may be any number of commits back', () => {
    for (const job of ['plan', 'propose', 'apply'] as const)
      expect(jobs[job]!.steps[0]!.with!['fetch-depth'], job).toBe(0);
  });
});

describe('release-configs.yml', () => {
  it('renders the tag, whatever the event stands on', () => {
    const checkout = read('release-configs').jobs.release!.steps.find(({ uses }) =>
      uses?.startsWith('actions/checkout@'),
    );
    expect(checkout!.with!.ref).toBe(`refs/tags/${of('inputs.tag || github.event.release.tag_name')}`);
  });
});

describe('docs/workflows.md', () => {
  const page = readFileSync('docs/workflows.md', 'utf8');

  it.each(names)('has every input, secret and output of %s.yml', (name) => {
    const { inputs, secrets = {}, outputs } = read(name).on.workflow_call;
    const part = page.slice(page.indexOf(`<!-- ${name}.yml -->`), page.indexOf(`<!-- /${name}.yml -->`));
    const rows = [...part.matchAll(/^\| `([^`]+)` \|/gm)].map(([, row]) => row);
    expect(rows).toEqual([inputs, secrets, outputs].flatMap(Object.keys));
  });
});

describe.each(['docs/workflows.md', 'README.md'])('the workflows that %s shows', (page) => {
  const blocks = [...readFileSync(page, 'utf8').matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, block]) => block!);
  const callers = blocks.filter((block) => block.includes('/.github/workflows/')).map((block): Caller => parse(block));
  const calls = callers.flatMap(({ jobs }) => Object.values(jobs));

  it('call with inputs and secrets that there are, and grant what is named', () => {
    expect(calls).not.toEqual([]);
    for (const { uses, with: inputs = {}, secrets = {}, permissions } of calls) {
      const [repository, name = ''] = uses.split(/\/\.github\/workflows\/|\.yml@v1$/);
      expect(repository).toBe(`${publishedOwner()}/${repositoryName}`);
      const called = read(name);
      expect(Object.keys(called.on.workflow_call.inputs)).toEqual(expect.arrayContaining(Object.keys(inputs)));
      expect(Object.keys(called.on.workflow_call.secrets ?? {})).toEqual(expect.arrayContaining(Object.keys(secrets)));
      for (const job of Object.values(called.jobs)) expect(permissions).toMatchObject(job.permissions ?? {});
    }
  });
});

/** Writes an expression of a workflow. */
function of(context: string): string {
  return `\${{ ${context} }}`;
}

/** Inputs that the action does not have, or that have another meaning there. */
const own: Readonly<Record<(typeof names)[number], readonly string[]>> = {
  provision: ['environment', 'plan-client-id', 'approve', 'sarif', 'runs-on'],
  'release-configs': ['tag', 'attest', 'runs-on'],
  watch: ['issue', 'runs-on'],
};

interface Described {
  readonly description: string;
  readonly default?: unknown;
}

interface WorkflowFile {
  readonly on: {
    readonly workflow_call: {
      readonly inputs: Readonly<Record<string, Described>>;
      readonly secrets?: Readonly<Record<string, Described>>;
      readonly outputs: Readonly<Record<string, Described>>;
    };
  };
  readonly permissions?: unknown;
  readonly jobs: Readonly<Record<string, Job>>;
}

/** A workflow that calls one of ours. */
interface Caller {
  readonly jobs: Readonly<
    Record<
      string,
      { readonly uses: string; readonly with?: object; readonly secrets?: object; readonly permissions: object }
    >
  >;
}

interface Job {
  readonly permissions?: unknown;
  readonly environment?: string;
  readonly concurrency?: object;
  readonly 'runs-on': string;
  readonly outputs?: Readonly<Record<string, string>>;
  readonly 'timeout-minutes': number;
  readonly steps: readonly Step[];
}

interface Step {
  readonly if?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, string>>;
}

const action: { readonly inputs: Readonly<Record<string, { readonly default: string }>> } = parse(
  readFileSync('action.yml', 'utf8'),
);

function read(name: string): WorkflowFile {
  return parse(readFileSync(`.github/workflows/${name}.yml`, 'utf8'));
}

function permissionsIn(name: string) {
  return Object.fromEntries(Object.entries(read(name).jobs).map(([id, { permissions }]) => [id, permissions]));
}
