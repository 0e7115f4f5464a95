import { expect, it } from 'vitest';
import type { Owner } from '../../src/model/owner.ts';
import { runFault } from '../../src/run/faults.ts';
import { ownerOfRemote } from '../../src/run/owner.ts';
import { type Settings, WrongSettings } from '../../src/run/setting-reader.ts';
import { readSettings } from '../../src/run/settings.ts';
import { said } from '../support/fault.ts';
import { fc, times } from '../support/property.ts';

const fleet: Owner = { server: 'github.com', name: 'contoso/fleet' };

it.each<[string, Owner | undefined]>([
  ['https://github.com/contoso/fleet.git', fleet],
  ['https://GitHub.com/contoso/fleet', fleet],
  ['https://user:secret@github.com:8443/contoso/fleet.git/', fleet],
  ['git@github.com:contoso/fleet.git', fleet],
  ['github.com:contoso/fleet', fleet],
  ['ssh://git@github.com:22/contoso/fleet.git', fleet],
  ['ssh://git@ssh.github.com:443/contoso/fleet.git', fleet],
  ['git://ghe.example.com/a/b', { server: 'ghe.example.com', name: 'a/b' }],
  ['/srv/git/contoso/fleet.git', undefined],
  ['../contoso/fleet.git', undefined],
  ['file:///contoso/fleet.git', undefined],
  ['https://gitlab.com/group/sub/fleet', undefined],
  ['https://dev.azure.com/contoso/project/_git/fleet', undefined],
  ['', undefined],
])('the remote %s', (url, owner) => {
  expect(ownerOfRemote(url)).toEqual(owner);
});

it('no remote throws', () => {
  fc.assert(
    fc.property(fc.string(), (url) => {
      ownerOfRemote(url);
    }),
    times(300),
  );
});

const workflow = {
  GITHUB_ACTIONS: 'true',
  GITHUB_SERVER_URL: 'https://github.com:443',
  GITHUB_REPOSITORY: 'octo/fleet',
  GITHUB_REPOSITORY_ID: '7',
};

async function ownerOf(settings: Settings, env: Readonly<Record<string, string>>, origin?: string) {
  const owner = { env, origin: async () => origin };
  return (await readSettings({ command: 'plan', ...settings }, { directory: '/', owner })).request.plan.owner;
}

it('in a workflow is its repository; elsewhere what --owner or the remote origin names', async () => {
  const github = { server: 'github.com', id: '7', name: 'octo/fleet' };
  expect(await ownerOf({}, workflow, 'https://github.com/contoso/fleet')).toEqual(github);
  expect(await ownerOf({ owner: 'github.com/octo/fleet' }, workflow)).toEqual(github);
  expect(await ownerOf({}, { ...workflow, GITHUB_ACTIONS: '' }, 'git@github.com:contoso/fleet')).toEqual(fleet);
  expect(await ownerOf({ owner: 'ghe.example.com/a/b' }, {}, 'git@github.com:contoso/fleet')).toEqual({
    server: 'ghe.example.com',
    name: 'a/b',
  });
  expect(await ownerOf({}, {})).toBeUndefined();
  const { GITHUB_REPOSITORY_ID: _, ...older } = workflow;
  expect(await ownerOf({}, older)).toEqual({ server: 'github.com', name: 'octo/fleet' });
});

it('is not asked for where no hub is asked', async () => {
  const owner = { env: {}, origin: () => expect.fail('git is not to be asked') };
  const { request } = await readSettings({ command: 'validate', prune: 'delete' }, { directory: '/', owner });
  expect(request.plan).not.toHaveProperty('owner');
});

it.each([
  [{ owner: 'https://github.com/a/b' }, {}, runFault('not-an-owner', { given: 'https://github.com/a/b' })],
  [{ owner: 'github.com/contoso/other' }, workflow, runFault('owner-of-workflow', {})],
  [{ prune: 'disable' }, {}, runFault('owner-unknown', { setting: 'prune' })],
  [{ adopt: 'unmarked' }, {}, runFault('owner-unknown', { setting: 'adopt' })],
])('%j is refused', async (settings, env, fault) => {
  const thrown = await ownerOf(settings, env).catch((reason: unknown) => reason);
  expect(thrown instanceof WrongSettings && thrown.faults.map(said)).toEqual([said(fault)]);
});
