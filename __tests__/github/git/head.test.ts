import { cpSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { gitFault } from '../../../src/github/git/faults.ts';
import { requireOwnFiles, strangersRun } from '../../../src/github/git/head.ts';
import { faultOf, said } from '../../support/fault.ts';
import { folderWith } from '../../support/folder.ts';
import { commit as commitFiles, git, repositoryWith } from '../../support/git.ts';
import { describeNeeding } from '../../support/needing.ts';

const event = 'pull_request_target';

describe('a run that strangers can start', () => {
  const env = { GITHUB_ACTIONS: 'true', GITHUB_SHA: 'abc' };

  it.each(['pull_request_target', 'issue_comment', 'workflow_run'])('is one on %s', (name) => {
    expect(strangersRun({ ...env, GITHUB_EVENT_NAME: name })).toEqual({ event: name, commit: 'abc' });
  });

  it.each(['push', 'pull_request', 'schedule', 'workflow_dispatch'])('is none on %s', (name) => {
    expect(strangersRun({ ...env, GITHUB_EVENT_NAME: name })).toBeUndefined();
  });
});

describeNeeding(['git'], 'what such a run may apply', () => {
  const files = { 'fleet/devices.yaml': 'devices: []\n', 'fleet/certs/a.pem': 'a\n' };
  const read = { files: Object.keys(files) };
  const newest = (root: string) => git(root, 'rev-parse', 'HEAD').trim();
  const strangersHead = (commit: string, head: string | undefined) => {
    return said(gitFault('strangers-head', { event, commit, head }));
  };
  const strangersFile = (commit: string, file: string) => said(gitFault('strangers-file', { event, commit, file }));
  const refusal = async (root: string, commit: string, asked = read) => {
    const fault = await faultOf(requireOwnFiles({ event, commit }, root, asked));
    expect(fault.kind).toBe('usage');
    return said(fault);
  };

  it('is the commit of the default branch', async () => {
    const root = repositoryWith(files);
    await expect(requireOwnFiles({ event, commit: newest(root) }, root, read)).resolves.toBeUndefined();
  });

  it('is the commit with the ends of lines that git writes on Windows', async () => {
    const root = repositoryWith(files);
    writeFileSync(join(root, 'fleet/devices.yaml'), 'devices: []\r\n');
    await expect(requireOwnFiles({ event, commit: newest(root) }, root, read)).resolves.toBeUndefined();
  });

  it('is not the head of the pull request', async () => {
    const root = repositoryWith(files);
    const main = newest(root);
    commitFiles(root, 'a pull request', { 'fleet/devices.yaml': 'devices: [{ id: theirs }]\n' });
    expect(await refusal(root, main)).toEqual(strangersHead(main, newest(root)));
  });

  it('is not a pull request that is checked out in a folder of the workspace', async () => {
    const root = repositoryWith(files);
    const theirs = repositoryWith({ 'devices.yaml': 'devices: [{ id: theirs }]\n' });
    cpSync(theirs, join(root, 'pr'), { recursive: true });
    const asked = { files: [...read.files, 'pr/devices.yaml'] };
    expect(await refusal(root, newest(root), asked)).toEqual(strangersHead(newest(root), newest(theirs)));
  });

  it('is not one that a link leads to', async () => {
    const root = repositoryWith(files);
    const theirs = repositoryWith({ 'devices.yaml': 'devices: [{ id: theirs }]\n' });
    symlinkSync(theirs, join(root, 'fleet/pr'));
    const asked = { files: ['fleet/pr/devices.yaml'] };
    expect(await refusal(root, newest(root), asked)).toEqual(strangersHead(newest(root), newest(theirs)));
  });

  it('is no file of a pull request in place of our own', async () => {
    const root = repositoryWith(files);
    writeFileSync(join(root, 'fleet/certs/a.pem'), 'theirs\n');
    expect(await refusal(root, newest(root))).toEqual(strangersFile(newest(root), 'fleet/certs/a.pem'));
  });

  it('is no such file that the attributes of the pull request hide', async () => {
    const root = repositoryWith({ ...files, 'fleet/devices.yaml': '# $Id$\ndevices: []\n' });
    writeFileSync(join(root, '.gitattributes'), '* ident\n');
    writeFileSync(join(root, 'fleet/devices.yaml'), '# $Id: theirs $\ndevices: []\n');
    expect(await refusal(root, newest(root))).toEqual(strangersFile(newest(root), 'fleet/devices.yaml'));
  });

  it('is no file that the commit does not have, such as one of an artifact', async () => {
    const root = repositoryWith(files);
    writeFileSync(join(root, 'fleet/b.csv'), 'id\ntheirs\n');
    const asked = { files: [...read.files, 'fleet/b.csv'] };
    expect(await refusal(root, newest(root), asked)).toEqual(strangersFile(newest(root), 'fleet/b.csv'));
  });

  it('is no file of no repository', async () => {
    const root = folderWith(files);
    expect(await refusal(root, 'abc')).toEqual(strangersHead('abc', undefined));
  });
});
