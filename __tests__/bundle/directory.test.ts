import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkOutputDirectory, writeBundles } from '../../src/bundle/directory.ts';
import { bundleFault, ObstacleError } from '../../src/bundle/faults.ts';
import { renderBundles } from '../../src/bundle/render.ts';
import { discard, marker, swapIn } from '../../src/bundle/swap.ts';
import type { Bundle } from '../../src/model/bundle.ts';
import { messageOf } from '../../src/model/fault.ts';
import { faultIn, faultOf, said } from '../support/fault.ts';
import { describeNeeding, itNeeding } from '../support/needing.ts';
import { identityOf, now } from './material.ts';

let parent = '';
let target = '';
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'bundles-'));
  target = join(parent, 'device-bundles');
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

const bundlesOf = (...ids: readonly string[]): readonly Bundle[] =>
  ids.map((id) => {
    const { device } = identityOf({ id });
    const files = ['config.yaml', 'identity-certificate.pem'].map((name) => ({ name, text: `${name} of ${id}\n` }));
    return { device: device.id, hub: device.hub, directory: id, artifact: `iot-edge-${id}`, files };
  });
const filesIn = (folder: string) => readdirSync(folder, { recursive: true }).map(String).toSorted();

describe('writing bundles', () => {
  it('makes the folder, with the files of each device and a mark of its own', async () => {
    await writeBundles(join(target, 'deeper'), bundlesOf('a', 'b'));
    expect(filesIn(join(target, 'deeper'))).toEqual([
      ...['.gitignore', marker, 'a', 'a/config.yaml', 'a/identity-certificate.pem'],
      ...['b', 'b/config.yaml', 'b/identity-certificate.pem'],
    ]);
    expect(readFileSync(join(target, 'deeper/a/config.yaml'), 'utf8')).toBe(bundlesOf('a')[0]?.files[0]?.text);
  });

  itNeeding(['links and modes of POSIX'], 'gives everybody the right to read, and nobody else to write', async () => {
    const umask = process.umask(0);
    try {
      await writeBundles(target, bundlesOf('a'));
    } finally {
      process.umask(umask);
    }
    const modes = ['', 'a', 'a/config.yaml'].map((path) => statSync(join(target, path)).mode & 0o777);
    expect(modes).toEqual([0o755, 0o755, 0o644]);
  });

  it('leaves out a bundle that cannot be rendered, tells it, and writes the others', async () => {
    const [a, b, c] = bundlesOf('a', 'b', 'c');
    const text = { name: 'install.sh', text: 'x' };
    const files = [
      text,
      {
        name: 'config.yaml',
        get text(): string {
          throw new Error('no such setting');
        },
      },
    ];
    const { bundles, faults } = await writeBundles(target, [a!, { ...b!, files }, c!]);
    expect(bundles.map(({ device }) => device)).toEqual(['a', 'c']);
    const devices = [{ device: 'b', message: 'no such setting' }];
    expect(faults.map(said)).toEqual([said(bundleFault('bundles-unrendered', { devices, more: 0 }))]);
    expect(filesIn(target).filter((name) => !name.includes('.'))).toEqual(['a', 'c']);
  });

  it('keeps what is there when none can be rendered', async () => {
    await writeBundles(target, bundlesOf('a'));
    const [b] = bundlesOf('b');
    const broken: Bundle = {
      ...b!,
      get files(): Bundle['files'] {
        throw new Error('no file');
      },
    };
    const devices = [{ device: 'b', message: 'no file' }];
    const fault = await faultOf(writeBundles(target, [broken]));
    expect(said(fault)).toEqual(said(bundleFault('bundles-unrendered', { devices, more: 0 })));
    expect(filesIn(target)).toContain('a');
    expect(readdirSync(parent)).toEqual(['device-bundles']);
  });

  it('leaves nothing stale, and nothing beside it', async () => {
    await writeBundles(target, bundlesOf('a', 'b'));
    writeFileSync(join(target, 'a', 'stray.txt'), '');
    await writeBundles(target, bundlesOf('b', 'c'));
    expect(readdirSync(target).toSorted()).toEqual(['.gitignore', marker, 'b', 'c']);
    expect(readdirSync(parent)).toEqual(['device-bundles']);
  });

  it('takes an empty folder, and folders of several hubs', async () => {
    mkdirSync(target);
    const fleet = ['x.net', 'y.net'].map((hub) => identityOf({ id: 'e', hub }));
    await writeBundles(target, (await renderBundles(fleet, { now })).value);
    expect(readdirSync(target).toSorted()).toEqual(['.gitignore', marker, 'x', 'y']);
  });

  it('writes a thousand bundles', async () => {
    await writeBundles(target, bundlesOf(...Array.from({ length: 1000 }, (_, index) => `edge-${index}`)));
    expect(readdirSync(target)).toHaveLength(1002);
  });
});

/** No system gives a process so high an id. */
const dead = 999_999_999;
const beside = (kind: 'next' | 'previous', owner = dead, moment = 1) =>
  join(parent, `.device-bundles.${owner}-${moment.toString(16).padStart(12, '0')}00000000.${kind}`);

describe('how bundles differ from those before', () => {
  const changesOf = async (bundles: readonly Bundle[]) => (await writeBundles(target, bundles)).bundleChanges;

  it('is not said where there were none: in no folder, and in an empty one', async () => {
    mkdirSync(target);
    expect(await changesOf(bundlesOf('a'))).toBeUndefined();
  });

  it('names new devices and those with another text, another file, or a file less', async () => {
    const [a, b, c, d] = bundlesOf('a', 'b', 'c', 'd');
    const [first, second] = b!.files;
    await changesOf([a!, b!, c!, d!]);
    const changes = await changesOf([
      a!,
      { ...b!, files: [first!, { ...second!, text: second!.text.toUpperCase() }] },
      { ...c!, files: [first!] },
      { ...d!, files: [...d!.files, { name: 'install.sh', text: '' }] },
      ...bundlesOf('e'),
    ]);
    expect(changes).toEqual({ added: ['e'], changed: ['b', 'c', 'd'] });
    expect(await changesOf([a!])).toEqual({ added: [], changed: [] });
  });

  itNeeding(['links and modes of POSIX'], 'reads no link, which could lead to what never ends', async () => {
    const elsewhere = join(parent, 'same');
    // The length of a link is that of its target's path.
    const file = { name: 'config.yaml', text: 'x'.repeat(elsewhere.length) };
    const a = { ...bundlesOf('a')[0]!, files: [file] };
    await changesOf([a]);
    rmSync(join(target, 'a', file.name));
    writeFileSync(elsewhere, file.text);
    symlinkSync(elsewhere, join(target, 'a', file.name));
    expect(await changesOf([a])).toEqual({ added: [], changed: ['a'] });
  });
});

describe('a run that died', () => {
  it('while building leaves the old folder, and the next run clears away the new one', async () => {
    await writeBundles(target, bundlesOf('a'));
    mkdirSync(join(beside('next'), 'half'), { recursive: true });
    writeFileSync(join(beside('next'), marker), '');
    await writeBundles(target, bundlesOf('b'));
    expect(readdirSync(target).toSorted()).toEqual(['.gitignore', marker, 'b']);
    expect(readdirSync(parent)).toEqual(['device-bundles']);
  });

  it('between the renames leaves the old folder whole, and the next run takes it back even if it then fails', async () => {
    await writeBundles(beside('previous', dead, 1), bundlesOf('older'));
    await writeBundles(beside('previous', dead, 2), bundlesOf('a'));
    expect(said(await faultOf(writeBundles(target, [unsafe('..')])))).toEqual(unsafeName('..'));
    expect(filesIn(target)).toContain('a/config.yaml');
    expect(readdirSync(parent)).toEqual(['device-bundles']);
  });

  it('after the renames leaves the new folder, and the next run clears away the old one', async () => {
    await writeBundles(target, bundlesOf('b'));
    await writeBundles(beside('previous'), bundlesOf('a'));
    await writeBundles(target, bundlesOf('c'));
    expect(readdirSync(parent)).toEqual(['device-bundles']);
  });

  it.each(['next', 'previous'] as const)(
    'while removing %s leaves it without marker, and the next run removes the rest',
    async (kind) => {
      mkdirSync(join(beside(kind), 'half'), { recursive: true });
      await writeBundles(target, bundlesOf('a'));
      expect(readdirSync(parent)).toEqual(['device-bundles']);
      expect(readdirSync(target).toSorted()).toEqual(['.gitignore', marker, 'a']);
    },
  );

  it('under the id that this process has, as in a container, is cleared away too', async () => {
    mkdirSync(beside('next', process.pid));
    await writeBundles(target, bundlesOf('a'));
    expect(readdirSync(parent)).toEqual(['device-bundles']);
  });
});

describe('beside the folder', () => {
  it('what a run still at work has made stays', async () => {
    const places = [beside('next', process.ppid), beside('previous', process.pid, Date.now())];
    for (const place of places) mkdirSync(place);
    await writeBundles(target, bundlesOf('a'));
    expect(places.every((place) => existsSync(place))).toBe(true);
  });

  it('what only looks like ours stays', async () => {
    const names = ['.device-bundles.next', '.device-bundles.old.previous', `.device-bundles.${dead}-1.next`];
    for (const name of names) mkdirSync(join(parent, name));
    writeFileSync(beside('next'), 'a file');
    await writeBundles(target, bundlesOf('a'));
    expect(readdirSync(parent)).toHaveLength(5);
  });

  it('a folder that another run took is not removed a second time', () => {
    discard(target, target);
    expect(readdirSync(parent)).toEqual([]);
  });
});

describe('several runs at once', () => {
  const script = `
    import { writeBundles } from ${JSON.stringify(new URL('../../src/bundle/directory.ts', import.meta.url).href)};
    const [target, run] = process.argv.slice(1);
    const files = [{ name: 'config.yaml', text: run }, { name: 'identity-certificate.pem', text: run }];
    const bundles = Array.from({ length: 300 }, (_, index) => {
      return { device: String(index), hub: undefined, directory: 'edge-' + index, artifact: 'edge-' + index, files };
    });
    for (let round = 0; round < 3; round += 1) await writeBundles(target, bundles);
  `;
  const start = (run: string) => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script, target, run]);
    let said = '';
    child.stderr.on('data', (chunk) => {
      said += String(chunk);
    });
    return {
      child,
      ended: new Promise<string>((done) => child.on('close', (code, signal) => done(`${signal ?? code} ${said}`))),
    };
  };
  const runIn = (folder: string) => {
    const texts = filesIn(folder).filter((path) => /[/\\](config\.yaml|identity-certificate\.pem)$/.test(path));
    expect(texts).toHaveLength(600);
    return [...new Set(texts.map((path) => readFileSync(join(folder, path), 'utf8')))];
  };

  it('all succeed, and leave the whole folder of one of them', { timeout: 300_000 }, async () => {
    const runs = ['one', 'two', 'three', 'four'].map((run) => start(run));
    for (const { ended } of runs) expect(await ended).toMatch(/^0 /);
    expect(runIn(target)).toHaveLength(1);
    expect(readdirSync(target)).toHaveLength(302);
    expect(readdirSync(parent)).toEqual(['device-bundles']);
  });

  it('are not disturbed by one that is killed', { timeout: 300_000 }, async () => {
    const [victim, ...others] = ['victim', 'one', 'two'].map((run) => start(run));
    await expect.poll(() => readdirSync(parent).length, { timeout: 60_000, interval: 5 }).toBeGreaterThan(0);
    victim?.child.kill('SIGKILL');
    for (const { ended } of others) expect(await ended).toMatch(/^0 /);
    await victim?.ended;
    expect(runIn(target)).toHaveLength(1);
    await writeBundles(target, bundlesOf('last'));
    expect(readdirSync(parent)).toEqual(['device-bundles']);
  });

  it('leave the old folder where the new one was taken away', async () => {
    await writeBundles(target, bundlesOf('a'));
    const removed = new ObstacleError({ kind: 'removed', path: beside('next') });
    await expect(swapIn(beside('next'), target, () => {})).rejects.toThrow(removed);
    expect(filesIn(target)).toContain('a/config.yaml');
    expect(readdirSync(parent)).toEqual(['device-bundles']);
  });

  it('in one process are told apart', async () => {
    await Promise.all(['a', 'b', 'c'].map((id) => writeBundles(target, bundlesOf(id))));
    expect(readdirSync(target)).toHaveLength(3);
    expect(readdirSync(parent)).toEqual(['device-bundles']);
  });
});

/** What the operating system says to a call that fails. */
function messageIn(call: () => unknown): string {
  try {
    call();
  } catch (thrown) {
    return messageOf(thrown);
  }
  throw new Error('expected the call to fail');
}

function unsafe(directory: string, name = 'config.yaml'): Bundle {
  const [bundle] = bundlesOf('a');
  if (bundle === undefined) throw new Error('no bundle');
  return { ...bundle, directory, files: [{ name, text: '' }] };
}

/** What is said of an output directory, by default of `target`. */
const misplaced = (place: Parameters<typeof bundleFault<'output-misplaced'>>[1]['place'], directory = target) =>
  said(bundleFault('output-misplaced', { directory, place }));
const occupied = (by: 'link' | 'file', folder = target) => said(bundleFault('output-occupied', { folder, by }));
const notOurs = (folder = target) => said(bundleFault('output-not-ours', { folder, marker: '.provision-iot-edge' }));
const unsafeName = (name: string) =>
  said(bundleFault('output-unwritable', { directory: target, obstacle: { kind: 'unsafe-name', name } }));

describe('writing bundles is refused', () => {
  const refusalOf = async (...call: Parameters<typeof writeBundles>) => said(await faultOf(writeBundles(...call)));

  it('into a folder that is not empty and not ours, which stays as it is', async () => {
    mkdirSync(target);
    writeFileSync(join(target, 'thesis.txt'), 'years of work');
    await expect(writeBundles(target, bundlesOf('a'))).rejects.toMatchObject({ name: 'Fault', kind: 'usage' });
    expect(await refusalOf(target, bundlesOf('a'))).toEqual(notOurs());
    expect(readFileSync(join(target, 'thesis.txt'), 'utf8')).toBe('years of work');
    expect(readdirSync(parent)).toEqual(['device-bundles']);
  });

  it('in place of a file', async () => {
    writeFileSync(target, '');
    expect(await refusalOf(target, bundlesOf('a'))).toEqual(occupied('file'));
  });

  itNeeding(['links and modes of POSIX'], 'in place of a link', async () => {
    mkdirSync(join(parent, 'elsewhere'));
    symlinkSync(join(parent, 'elsewhere'), target);
    expect(await refusalOf(target, bundlesOf('a'))).toEqual(occupied('link'));
  });

  it('at the root of the file system, and by a relative path', async () => {
    expect(await refusalOf('/', bundlesOf('a'))).toEqual(misplaced('file-system-root', '/'));
    expect(await refusalOf('device-bundles', bundlesOf('a'))).toEqual(misplaced('relative', 'device-bundles'));
  });

  it('at the workspace and above it, even if it is marked as ours, but not beside it', async () => {
    await writeBundles(target, []);
    expect(await refusalOf(target, [], { workspace: target })).toEqual(misplaced('workspace'));
    expect(await refusalOf(target, [], { workspace: join(target, 'repo') })).toEqual(misplaced('above-workspace'));
    await writeBundles(target, [], { workspace: parent });
    await writeBundles(target, [], { workspace: join(parent, 'device-bundles-of-others') });
  });

  it.each([
    ['../a', 'config.yaml', '..'],
    ['a//b', 'config.yaml', ''],
    ['a', '../config.yaml', '../config.yaml'],
    ['a', '.', '.'],
  ])('under the unsafe name %s/%s', async (directory, name, refused) => {
    expect(await refusalOf(target, [unsafe(directory, name)])).toEqual(unsafeName(refused));
    expect(readdirSync(parent)).toEqual([]);
  });

  it('by the disk, with the reason and what to do', async () => {
    writeFileSync(join(parent, 'file'), '');
    const place = join(parent, 'file', 'device-bundles');
    await expect(writeBundles(place, bundlesOf('a'))).rejects.toMatchObject({ name: 'Fault', kind: 'world' });
    const obstacle = { kind: 'not-a-folder', path: join(parent, 'file') } as const;
    expect(await refusalOf(place, bundlesOf('a'))).toEqual(
      said(bundleFault('output-unwritable', { directory: place, obstacle })),
    );
  });
});

describe('the check before anything is written', () => {
  const check = (directory: string, workspace = parent) => checkOutputDirectory(directory, { workspace });
  const refusalOf = (directory: string, workspace = parent) => said(faultIn(() => check(directory, workspace)));

  it('passes what can be written, and makes nothing', () => {
    check(target);
    check(join(target, 'deeper', 'still'));
    check(join(parent, '..bundles'));
    check(target, join(parent, 'repository'));
    expect(readdirSync(parent)).toEqual([]);
  });

  it('refuses what writing refuses', () => {
    mkdirSync(join(parent, 'thesis', 'chapter'), { recursive: true });
    writeFileSync(join(parent, 'file'), '');
    const [thesis, file, inFile] = ['thesis', 'file', 'file/bundles'].map((path) => join(parent, path));
    expect(refusalOf(thesis!)).toEqual(notOurs(thesis));
    expect(refusalOf(file!)).toEqual(occupied('file', file));
    const obstacle = { kind: 'not-a-folder', path: file! } as const;
    expect(refusalOf(inFile!)).toEqual(said(bundleFault('output-unwritable', { directory: inFile!, obstacle })));
    expect(refusalOf(parent)).toEqual(misplaced('workspace', parent));
    expect(refusalOf(target, join(target, 'repository'))).toEqual(misplaced('above-workspace'));
    expect(refusalOf('/')).toEqual(misplaced('file-system-root', '/'));
    expect(refusalOf('bundles')).toEqual(misplaced('relative', 'bundles'));
    const long = join(parent, 'x'.repeat(201));
    expect(refusalOf(long)).toEqual(said(bundleFault('output-name-too-long', { directory: long, limit: 200 })));
  });

  it.each(['.git', '.git/hooks', '.GIT/x', 'module/.git/x'])('refuses %s in the workspace', (path) => {
    expect(refusalOf(join(parent, path))).toEqual(misplaced('in-git', join(parent, path)));
  });

  it('takes a folder in .git of somebody else for what it is: none of the workspace', () => {
    check(join(parent, '.git', 'bundles'), join(parent, 'repository'));
  });

  describeNeeding(['links and modes of POSIX'], 'follows links', () => {
    it.each([
      [
        'out of the workspace',
        '../elsewhere',
        'link/bundles',
        (directory: string) =>
          said(bundleFault('output-leads-out', { directory, target: join(realpathSync(parent), 'elsewhere/bundles') })),
      ],
      ['into .git', '.git', 'link/hooks', (directory: string) => misplaced('in-git', directory)],
      ['to the folder above', '..', 'link/repository', (directory: string) => misplaced('workspace', directory)],
      [
        'to nowhere',
        'nowhere',
        'link/bundles',
        (directory: string) => {
          const message = messageIn(() => realpathSync(join(parent, 'repository/link')));
          expect(message).toContain('ENOENT');
          return said(bundleFault('output-unwritable', { directory, obstacle: { kind: 'system', message } }));
        },
      ],
    ])('%s', async (_, goal, path, refusal) => {
      const workspace = join(parent, 'repository');
      for (const folder of ['repository/.git', 'elsewhere']) mkdirSync(join(parent, folder), { recursive: true });
      symlinkSync(goal, join(workspace, 'link'));
      const output = join(workspace, path);
      expect(refusalOf(output, workspace)).toMatchObject(refusal(output));
      expect(said(await faultOf(writeBundles(output, [], { workspace })))).toMatchObject(refusal(output));
      expect(readdirSync(join(parent, 'elsewhere'))).toEqual([]);
    });

    it('within the workspace, or to the workspace, and is content', () => {
      const workspace = join(parent, 'repository');
      mkdirSync(join(workspace, 'inner'), { recursive: true });
      symlinkSync('inner', join(workspace, 'link'));
      symlinkSync('repository', join(parent, 'alias'));
      check(join(workspace, 'link', 'bundles'), workspace);
      check(join(parent, 'alias', 'bundles'), join(parent, 'alias'));
      check(join(parent, 'alias', 'bundles'), workspace);
    });
  });

  itNeeding(['Linux'], 'comes to an end below /proc', async () => {
    await expect(writeBundles('/proc/bundles/deeper', [])).rejects.toMatchObject({ name: 'Fault', kind: 'world' });
  });
});
