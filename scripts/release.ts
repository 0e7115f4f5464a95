import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parser } from 'keep-a-changelog';

/**
 * What a release needs to know. Run by .github/workflows/release.yml:
 *
 *     node scripts/release.ts check v1.2.3 origin/main   fails unless the tag may be released; prints `version` and `major`
 *     node scripts/release.ts notes v1.2.3               prints the release's part of CHANGELOG.md
 */
const [command, tag = '', branch = ''] = parseArgs({ allowPositionals: true }).positionals;
const faults = command === 'check' ? faultsOf(tag, branch) : [];
if (faults.length > 0) {
  for (const fault of faults) console.error(`${tag} cannot be released: ${fault}`);
  process.exitCode = 1;
} else if (command === 'check') {
  console.log(`version=${versionOf(tag)}\nmajor=${majorOf(tag)}`);
} else if (command === 'notes') {
  console.log(notesOf(tag));
} else {
  console.error('usage: node scripts/release.ts check TAG BRANCH | notes TAG');
  process.exitCode = 2;
}

/** The reasons why this tag, which is checked out, may not be released. */
function faultsOf(tag: string, branch: string): readonly string[] {
  if (!/^v\d+\.\d+\.\d+$/.test(tag)) return [`expected a tag such as v1.2.3`];
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  return [
    version === versionOf(tag)
      ? ''
      : `package.json has the version ${version}. Change it in a pull request, then tag its merge commit.`,
    notesOf(tag) === ''
      ? `CHANGELOG.md has no section [${versionOf(tag)}] with a date and a text. Add it in a pull request.`
      : '',
    commitOf(tag) !== '' && commitOf(tag) === commitOf('HEAD')
      ? ''
      : `it is not what is checked out. Check out ${tag}.`,
    isOn(branch) ? '' : `its commit is not on ${branch}. Tag a commit that was reviewed and merged.`,
    newerThan(tag).length === 0
      ? ''
      : `${newerThan(tag).join(', ')} is newer, and ${majorOf(tag)} would go back. Take a higher version.`,
  ].filter((fault) => fault !== '');
}

function notesOf(tag: string): string {
  const release = parser(readFileSync('CHANGELOG.md', 'utf8')).findRelease(versionOf(tag));
  if (release?.date === undefined || release.isEmpty()) return '';
  // The heading is the release's title on GitHub.
  return release.toString().split('\n').slice(1).join('\n').trim();
}

function newerThan(tag: string): readonly string[] {
  const tags = git('tag', '--list', `${majorOf(tag)}.*.*`, '--sort=version:refname').split('\n');
  return tags.includes(tag) ? tags.slice(tags.indexOf(tag) + 1) : [];
}

function isOn(branch: string): boolean {
  return git('merge-base', 'HEAD', branch) === commitOf('HEAD');
}

/** Empty if there is no such commit. */
function commitOf(revision: string): string {
  return git('rev-parse', '--verify', '--quiet', `${revision}^{commit}`);
}

/** What git prints, or nothing if it fails. */
function git(...args: readonly string[]): string {
  return spawnSync('git', args, { encoding: 'utf8' }).stdout.trim();
}

function versionOf(tag: string): string {
  return tag.slice(1);
}

function majorOf(tag: string): string {
  return tag.split('.')[0] ?? '';
}
