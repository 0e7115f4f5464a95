import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { type EmbeddedHub, type HubOptions, startHub } from '../../src/emulator/hub.ts';
import { runWorkflows, type Trigger, type WorkflowRun } from './act.ts';
import { atFileEnd } from './at-file-end.ts';
import { folderWith } from './folder.ts';
import { type Behaviour, type GitHubApi, githubToken, startGitHubApi } from './github-api.ts';
import { type ResultsService, startResultsService } from './results-service.ts';

export const repository = { full_name: 'octo/fleet', default_branch: 'main', private: true } as const;

export const push = (branch = 'main'): Trigger => ({
  event: 'push',
  payload: { ref: `refs/heads/${branch}`, repository },
});

export const pullRequest = (event = 'pull_request', from = 'octo/fleet', to = 'main'): Trigger => ({
  event,
  payload: {
    number: 7,
    repository,
    pull_request: { number: 7, base: { ref: to }, head: { ref: 'topic', repo: { full_name: from } } },
  },
});

export const schedule: Trigger = { event: 'schedule', payload: { schedule: '17 4 * * *' } };

/** Starts a hub that runs until the test ends. */
export async function hubOf(options: HubOptions = {}): Promise<EmbeddedHub> {
  const hub = await startHub(options);
  onTestFinished(() => hub.close());
  return hub;
}

/** Starts two hubs with one authority and one key, so that both accept the same tokens, as two hubs of a tenant do. */
export async function twoHubs(): Promise<readonly [EmbeddedHub, EmbeddedHub]> {
  const [first, second] = [folderWith(), folderWith()];
  const hub = await hubOf({ directory: first });
  cpSync(first, second, { recursive: true });
  const settings = join(second, 'settings.json');
  writeFileSync(settings, JSON.stringify({ ...JSON.parse(readFileSync(settings, 'utf8')), port: 0 }));
  return [hub, await hubOf({ directory: second })];
}

/** A repository and the services that its workflows call, all of them on this machine. */
export interface Surroundings {
  readonly folder: string;
  readonly hubs: readonly EmbeddedHub[];
  /**
   * Returns the secrets that must not be visible, beside the keys of the hubs and GitHub's token. Called after each
   * run.
   */
  readonly secrets?: () => readonly string[];
  /** The state of GitHub's API at first. */
  readonly github?: Behaviour;
}

/** The workflows of a repository, with hubs and GitHub's API, ready to run. */
export interface Scenario {
  readonly github: GitHubApi;
  /** Returns the results service of the last run. */
  readonly results: () => ResultsService;
  /** Runs the workflows, then expects that nothing they left holds a secret. */
  readonly run: (trigger: Trigger) => Promise<WorkflowRun>;
}

export async function scenario({ folder, hubs, secrets = () => [], ...more }: Surroundings): Promise<Scenario> {
  const github = await startGitHubApi(more.github);
  let results: ResultsService | undefined;
  const keys = hubs.flatMap(({ connectionStrings }) => {
    return Object.values(connectionStrings).map((text) => /SharedAccessKey=(.+)$/.exec(text)![1]!);
  });
  const run = async (trigger: Trigger) => {
    results = await emptyResults();
    const service = results;
    const strings = hubs.map(({ connectionString }) => connectionString).join('\n');
    const ended = await runWorkflows(folder, {
      secrets: {
        IOTHUB_CONNECTION_STRING: strings,
        IOTHUB_READER_CONNECTION_STRING: strings,
        GITHUB_TOKEN: githubToken,
      },
      ...trigger,
      env: {
        ...service.environment,
        ...serverAt(folder),
        GITHUB_API_URL: github.url,
        // The workflow has no input for a CA, because on GitHub the hub is a real one.
        ...(hubs[0] === undefined ? {} : { NODE_EXTRA_CA_CERTS: hubs[0].caFile }),
        ...trigger.env,
      },
    });
    const seen = await traces(ended, github, service);
    for (const form of [...keys, githubToken, ...secrets()].flatMap(formsOf)) {
      for (const [where, text] of Object.entries(seen)) expect(text, `a secret in ${where}`).not.toContain(form);
    }
    return ended;
  };
  return {
    github,
    run,
    results() {
      if (results === undefined) throw new Error('nothing has run');
      return results;
    },
  };
}

/** Lets git find the repository octo/fleet of the server in a folder. If nothing else is said, the server is what is checked out. */
export function serverAt(folder: string): Readonly<Record<string, string>> {
  return {
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: `url.file://${folder}.insteadOf`,
    GIT_CONFIG_VALUE_0: 'http://github.localhost/octo/fleet',
  };
}

/** One results service for a test file: to start it takes more than a second. */
let shared: Promise<ResultsService> | undefined;

async function emptyResults(): Promise<ResultsService> {
  shared ??= startResultsService().then((started) => {
    atFileEnd(async () => {
      shared = undefined;
      await started.close();
    });
    return started;
  });
  const service = await shared;
  service.reset();
  return service;
}

/** Returns a secret in its plain form and in the forms that it has in URLs and in JSON. */
function formsOf(secret: string): readonly string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  return [...new Set([secret, encodeURIComponent(secret), json, json.replaceAll('/', '\\/')])];
}

/** Returns Markdown as it stands, followed by the same text with its character references resolved. */
function bothWays(markdown: string): string {
  return markdown + markdown.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));
}

/** Returns everything that people, later steps and other systems can see of a run. */
async function traces(
  { log, outputs, annotations, summaries }: WorkflowRun,
  { issues, comments, releases }: GitHubApi,
  { artifacts, files }: ResultsService,
): Promise<Readonly<Record<string, string>>> {
  const uploaded = await Promise.all(artifacts.map(({ name }) => files(name)));
  const left = Object.values(outputs).flatMap((step) =>
    Object.entries(step).filter(([name]) => name.endsWith('-file')),
  );
  return {
    'the log': log,
    outputs: JSON.stringify(outputs),
    annotations: JSON.stringify(annotations),
    artifacts: JSON.stringify(uploaded),
    summaries: bothWays(summaries.join('\n')),
    issues: bothWays(JSON.stringify(issues)),
    comments: bothWays(JSON.stringify(comments)),
    releases: [...releases.values()].flatMap((assets) => [...assets.values()].map(String)).join('\n'),
    ...Object.fromEntries(left.map(([name, path]) => [name, existsSync(path) ? readFileSync(path, 'utf8') : ''])),
  };
}
