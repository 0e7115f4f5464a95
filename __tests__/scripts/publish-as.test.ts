import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { publishedOwner } from '../../scripts/repository-name.ts';
import { folderWith } from '../support/folder.ts';

const script = resolve('scripts/publish-as.ts');

describe('npm run publish-as', () => {
  it('gives the owner to every file that names the repository, and takes it back without a trace', () => {
    const clone = folderWith();
    execFileSync('git', ['clone', '--quiet', '--shared', process.cwd(), clone]);
    const before = publishedOwner(clone);
    // A name that stands in no file: else the way back would take that along.
    const after = `owner-${process.pid}`;
    expect(publishAs(clone, after)).toMatchObject({ status: 0 });
    expect(publishedOwner(clone)).toBe(after);
    expect(readFileSync(join(clone, '.github/CODEOWNERS'), 'utf8')).toContain(`* @${after}\n`);
    const named = parse(readFileSync(join(clone, '.github/zizmor.yml'), 'utf8'));
    expect(named.rules['unpinned-uses'].config.policies).toHaveProperty([`${after}/provision-iot-edge/*`]);
    const left = spawnSync(
      'git',
      ['grep', '-l', '-w', `${before}/provision-iot-edge`, '--', ':!dist', ':!*.generated.*'],
      {
        cwd: clone,
        encoding: 'utf8',
      },
    );
    // Who writes of a repository without a name means one in general: `SERVER/OWNER/NAME`.
    expect(left.stdout).toBe('');
    expect(publishAs(clone, before)).toMatchObject({ status: 0 });
    expect(execFileSync('git', ['status', '--porcelain'], { cwd: clone, encoding: 'utf8' })).toBe('');
  });

  it.each(['', '-contoso', 'con toso', 'con--toso', 'contoso/x', 'a'.repeat(40)])('refuses "%s"', (owner) => {
    expect(publishAs(process.cwd(), owner)).toMatchObject({ status: 2, stdout: '' });
  });
});

function publishAs(cwd: string, owner: string) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, owner], { cwd, encoding: 'utf8' });
  return { status, stdout, stderr };
}
