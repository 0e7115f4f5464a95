import { execFileSync } from 'node:child_process';
import { lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { publishedOwner, repositoryName } from './repository-name.ts';

/**
 * Gives the repository another owner: npm run publish-as -- contoso. It changes every committed file that names the
 * repository by its owner, and CODEOWNERS; `npm run build`, which runs after it, brings the name to what is generated.
 */
function publishAs(owner: string): readonly string[] {
  const before = publishedOwner();
  const replacements: readonly (readonly [RegExp, string])[] = [
    [new RegExp(`(?<![A-Za-z0-9-])${before}(?=/${repositoryName}(?![A-Za-z0-9-]))`, 'g'), owner],
    [new RegExp(`(?<=^\\* +@)${before}$`, 'gm'), owner],
  ];
  return committed().filter((file) => {
    const text = readFileSync(file, 'utf8');
    const renamed = replacements.reduce((result, [from, to]) => result.replace(from, to), text);
    if (renamed !== text) writeFileSync(file, renamed);
    return renamed !== text;
  });
}

/** The committed files that a person edits. */
function committed(): readonly string[] {
  return execFileSync('git', ['ls-files', '-z', ':!dist', ':!*.generated.*'], { encoding: 'utf8' })
    .split('\0')
    .filter((file) => file !== '' && lstatSync(file).isFile());
}

const [owner = ''] = process.argv.slice(2);
// The form of an account's name: https://docs.github.com/enterprise-cloud@latest/admin/concepts/identity-and-access-management/usernames-for-enterprise-managed-users
if (!/^[A-Za-z0-9](-?[A-Za-z0-9])*$/.test(owner) || owner.length > 39) {
  console.error(
    `"${owner}" is not the name of a GitHub account, expected letters, digits and single hyphens, at most 39. Type: npm run publish-as -- contoso`,
  );
  process.exitCode = 2;
} else {
  const changed = publishAs(owner);
  console.log([...changed, `${changed.length} files name ${owner}/${repositoryName} now.`].join('\n'));
}
