import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { isDeepStrictEqual } from 'node:util';
import { parser } from 'keep-a-changelog';
import { type ActLog, readLog } from '../../__tests__/support/act-log.ts';
import { actPath } from '../../__tests__/support/tools.ts';
import { publishedOwner, repositoryName } from '../../scripts/repository-name.ts';
import type { Bar, Rounds } from './bar.ts';
import { writeStandIns } from './release-actions.ts';

const version = '99.0.0';
const tag = `v${version}`;

/**
 * Makes a tag in a scratch clone, as CONTRIBUTING says, and runs the release workflow on it by act. With `few` above 1 the gate is the demo
 * alone.
 */
export async function release({ few }: Rounds): Promise<readonly Bar[]> {
  const folder = mkdtempSync(join(tmpdir(), 'provision-release-'));
  try {
    const clone = join(folder, 'clone');
    taggedClone(folder, clone, few > 1);
    const run = await runRelease(folder, clone);
    const faults = faultsOf(run, clone);
    for (const fault of faults) console.error(fault);
    if (faults.length > 0) console.error(run.log);
    return [
      {
        what: `a tag in a scratch clone: jobs and calls of the release workflow under act, ${few > 1 ? 'with the demo as gate' : 'with the whole gate'}, up to GitHub's own services, that are not as they should be`,
        found: String(faults.length),
        bar: '0',
        holds: faults.length === 0,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A clone of this commit whose default branch has a release and its tag. */
function taggedClone(folder: string, clone: string, isQuick: boolean): void {
  const origin = join(folder, 'origin.git');
  git(folder, 'clone', '--quiet', '--bare', resolve('.'), origin);
  git(origin, 'branch', '--force', 'main', 'HEAD');
  git(folder, 'clone', '--quiet', '--branch', 'main', origin, clone);
  execFileSync('npm', ['version', version, '--no-git-tag-version'], { cwd: clone, stdio: 'ignore' });
  const changelog = join(clone, 'CHANGELOG.md');
  writeFileSync(changelog, released(readFileSync(changelog, 'utf8')));
  if (isQuick) writeFileSync(join(clone, '.ci/run'), '#!/bin/sh\nexec npm run demo\n');
  // Not as a link: the build would see other paths, and dist/ would be another one.
  execFileSync('cp', ['--archive', '--link', resolve('node_modules'), clone]);
  execFileSync('npm', ['run', 'build'], { cwd: clone, stdio: 'ignore' });
  rmSync(join(clone, 'node_modules'), { recursive: true });
  const author = ['-c', 'user.name=Octo', '-c', 'user.email=octo@example.com', '-c', 'commit.gpgsign=false'];
  git(clone, ...author, 'commit', '--quiet', '--all', `--message=Release ${version}`);
  git(clone, '-c', 'tag.gpgsign=false', 'tag', tag);
  git(clone, 'push', '--quiet', 'origin', 'main', tag);
  // act takes the repository's name from here.
  git(clone, 'remote', 'set-url', 'origin', `https://github.com/${publishedOwner()}/${repositoryName}`);
}

/** What stands under Unreleased becomes the section of the version. */
function released(text: string): string {
  const [unreleased] = parser(text).releases;
  if (unreleased === undefined || unreleased.isEmpty()) throw new Error('CHANGELOG.md: nothing is unreleased');
  return text.replace(
    '## [Unreleased]',
    `## [Unreleased]\n\n## [${version}] - ${new Date().toISOString().slice(0, 10)}`,
  );
}

interface Released extends ActLog {
  /** The calls of GitHub's own services, in order. */
  readonly calls: readonly string[];
  /** The lists of checksums that are attested. */
  readonly checksums: readonly string[];
  /** The bills of materials that are attested. */
  readonly boms: readonly string[];
}

async function runRelease(folder: string, clone: string): Promise<Released> {
  const act = actPath();
  if (act === undefined) throw new Error('act is absent: go install github.com/nektos/act@v0.2.89');
  const event = join(folder, 'event.json');
  writeFileSync(event, JSON.stringify({ ref: `refs/tags/${tag}`, repository: { default_branch: 'main' } }));
  const workflow = readFileSync(join(clone, '.github/workflows/release.yml'), 'utf8');
  const calls = join(folder, 'calls');
  const attested = join(folder, 'attested');
  const env = {
    ...ofThisMachine(),
    ARTIFACTS: join(folder, 'artifacts'),
    ATTESTED: attested,
    CALLS: calls,
    GH_STAND_IN: join(folder, 'actions/bin'),
  };
  const pairs = (option: string, values: Readonly<Record<string, string>>) =>
    Object.entries(values).map(([name, value]) => `--${option}=${name}=${value}`);
  const child = spawn(
    act,
    [
      'push',
      `--directory=${clone}`,
      '--workflows=.github/workflows/release.yml',
      `--eventpath=${event}`,
      '--platform=ubuntu-latest=-self-hosted',
      ...pairs('local-repository', writeStandIns(join(folder, 'actions'), workflow)),
      `--action-cache-path=${join(folder, 'cache')}`,
      '--no-cache-server',
      '--json',
      '--verbose',
      ...pairs('secret', { GITHUB_TOKEN: '' }),
      ...pairs('env', env),
    ],
    {
      // An empty HOME hides the user's settings of act.
      env: { PATH: [dirname(process.execPath), process.env.PATH].join(delimiter), HOME: folder },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const [stdout] = await Promise.all([text(child.stdout), once(child, 'close')]);
  const kept = (pattern: string) => globSync(join(attested, pattern)).map((file) => readFileSync(file, 'utf8'));
  return {
    ...readLog(stdout),
    calls: existsSync(calls) ? readFileSync(calls, 'utf8').trimEnd().split('\n') : [],
    checksums: kept('*/SHA256SUMS'),
    boms: kept('*/sbom.cdx.json'),
  };
}

/** What npm, Go and Python need on this machine to reach their registries. */
function ofThisMachine(): Readonly<Record<string, string>> {
  const needed = /^(HOME|LANG|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|(npm_config|pip|go|https?_proxy|no_proxy).*)$/i;
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value !== undefined && needed.test(name) ? [[name, value]] : [],
    ),
  );
}

/** What is not as CONTRIBUTING, "Release", says. */
function faultsOf({ jobs, outputs, calls, checksums, boms }: Released, clone: string): readonly string[] {
  const expected: readonly (readonly [what: string, found: unknown, expected: unknown])[] = [
    ['the jobs', jobs, { build: 'success', gate: 'success', publish: 'success' }],
    ['the outputs', outputs.check, { version, major: 'v99' }],
    ['the attested files', checksums, [checksumsOf(clone), checksumsOf(clone)]],
    ['the attested bill of materials', boms, [readFileSync(join(clone, 'dist/sbom.cdx.json'), 'utf8')]],
    ['the calls', calls, callsFor(execFileSync('git', ['rev-parse', tag], { cwd: clone, encoding: 'utf8' }).trim())],
  ];
  return expected.flatMap(([what, found, wanted]) => {
    if (isDeepStrictEqual(found, wanted)) return [];
    return [`${what}: expected ${JSON.stringify(wanted)}, found ${JSON.stringify(found)}`];
  });
}

const callsFor = (commit: string) => [
  'attest release/SHA256SUMS ',
  'attest release/SHA256SUMS release/sbom.cdx.json',
  `gh release view ${tag} --json isDraft --jq "draft: \\(.isDraft)"`,
  `gh release create ${tag} --draft --verify-tag --title ${tag} --notes-file release/notes.md`,
  `gh release upload ${tag} --clobber release/SHA256SUMS release/sbom.cdx.json`,
  `gh release edit ${tag} --draft=false`,
  `gh api --method PATCH repos/{owner}/{repo}/git/refs/tags/v99 -f sha=${commit} -F force=true`,
  `gh api --method POST repos/{owner}/{repo}/git/refs -f ref=refs/tags/v99 -f sha=${commit}`,
];

/** `dist/` of the tag, as the workflow lists it. */
function checksumsOf(clone: string): string {
  const command =
    'git archive HEAD dist | tar --extract --to-command=\'printf "%s  %s\\n" "$(sha256sum | cut -d " " -f 1)" "$TAR_FILENAME"\' | LC_ALL=C sort -k 2';
  return execFileSync('sh', ['-c', command], { cwd: clone, encoding: 'utf8' });
}

function git(cwd: string, ...args: readonly string[]): void {
  execFileSync('git', args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
}
