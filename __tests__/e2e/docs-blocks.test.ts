import { execFile } from 'node:child_process';
import { chmodSync, existsSync, globSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { parse as parseToml } from 'smol-toml';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { startHub } from '../../src/emulator/hub.ts';
import { folderWith } from '../support/folder.ts';
import { describeNeeding } from '../support/needing.ts';

// What people copy from the docs. Commands of Azure, GitHub and a device are only read by a shell; all others run.

interface Block {
  readonly page: string;
  readonly language: string;
  readonly text: string;
}

const pages = globSync(['README.md', 'docs/*.md', 'examples/*/README.md']).sort();
const blocks = pages.flatMap(blocksOf);

function blocksOf(page: string): readonly Block[] {
  const found = readFileSync(page, 'utf8').matchAll(/^( *)```(\w+)\n([\s\S]*?)^ *```$/gm);
  return [...found].map(([, indent = '', language = '', text = '']) => ({
    page,
    language,
    text: text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  }));
}

/** The only block of a page that has these words. */
function block(page: string, words: string): string {
  const found = blocks.filter((one) => one.page === page && one.text.includes(words));
  expect(found.map(({ text }) => text)).toHaveLength(1);
  return found[0]?.text ?? '';
}

const run = promisify(execFile);

/** A folder in which `provision-iot-edge` and `node dist/cli.js` are this build, and a hub that they find. */
async function desk(files: Readonly<Record<string, string>> = {}) {
  const hub = await startHub();
  onTestFinished(() => hub.close());
  const folder = folderWith(files);
  const bin = folderWith({
    'provision-iot-edge': `#!/bin/sh\nexec "${process.execPath}" "${resolve('dist/cli.js')}" "$@"\n`,
  });
  chmodSync(join(bin, 'provision-iot-edge'), 0o755);
  await run('git', ['init', '-q', '-b', 'main', folder]);
  const env = {
    ...process.env,
    PATH: `${bin}:${process.env.PATH}`,
    IOTHUB_CONNECTION_STRING: hub.connectionString,
    NODE_EXTRA_CA_CERTS: hub.caFile,
  };
  const shell = async (script: string) => (await run('sh', ['-euc', script], { cwd: folder, env })).stdout;
  return { hub, folder, shell };
}

describe('the blocks of the docs', () => {
  it('are many', () => {
    expect(blocks.length).toBeGreaterThan(80);
  });

  it('in YAML and TOML are read', () => {
    for (const { language, text } of blocks) {
      if (language === 'yaml') parseYaml(text);
      if (language === 'toml') parseToml(text);
    }
  });

  it('for a shell are read by one', async () => {
    const scripts = blocks.filter(({ language }) => language === 'sh').map(({ text }) => `f() {\n${text}\n}\n`);
    const folder = folderWith({ 'all.sh': scripts.join('\n') });
    await run('sh', ['-n', join(folder, 'all.sh')]);
  });
});

describe('what the docs show as manifests', () => {
  const manifests = [
    ['README.md', 'press-2.plant.example'],
    ['docs/manifest.md', 'press-2.plant.example'],
    ['docs/manifest.md', 'from: certs/*.pem'],
  ] as const;

  it.each(manifests)('%s, the one with %s, is valid with certificates as `issue` makes them', async (page, words) => {
    const { folder, shell } = await desk({ 'devices.yaml': block(page, words) });
    await shell('provision-iot-edge issue --key ec edge-001 edge-002');
    if (words.startsWith('from'))
      for (const key of globSync(join(folder, 'certs/*root*'))) renameSync(key, join(folder, 'root.pem'));
    expect(await shell('provision-iot-edge validate')).toContain('2 devices');
  });
});

describeNeeding(['openssl'], 'what the docs tell to type', () => {
  it('makes a key on the device, has it signed, and the result is a certificate of the device', async () => {
    const { folder, shell } = await desk();
    await shell(
      'openssl req -x509 -newkey rsa:2048 -nodes -subj "/CN=Plant CA" -keyout ca.key.pem -out ca.pem 2>/dev/null; cp ca.pem intermediate.pem',
    );
    await shell(block('docs/on-the-device.md', 'openssl req -new -key'));
    await shell(block('docs/on-the-device.md', 'leaf.ext'));
    mkdirSync(join(folder, 'certs'));
    renameSync(join(folder, 'edge-001-primary.pem'), join(folder, 'certs/edge-001-primary.pem'));
    await shell(block('docs/manifest.md', 'provision-iot-edge new').split('\n')[0] ?? '');
    expect(existsSync(join(folder, 'devices.yaml'))).toBe(true);
    await shell('mkdir keys; mv *.key.pem keys; echo keys >.gitignore; provision-iot-edge validate');
  });

  it('plans, approves and applies on a hub', async () => {
    const { folder, hub, shell } = await desk({ '.gitignore': 'device-keys\ndevice-bundles\n' });
    const manifest = block('README.md', 'press-2.plant.example').replace(/^hub: .*\n/m, '');
    writeFileSync(join(folder, 'devices.yaml'), manifest);
    await shell('provision-iot-edge issue --key ec edge-001 edge-002');
    const commit = 'git add -A; git -c user.name=a -c user.email=a@example.com commit -qm change';
    await shell(commit);
    await shell(
      block('docs/approved-plans.md', '--plan-file plan.json').replaceAll(
        ' --plan-file',
        ' --owner github.com/contoso/fleet --plan-file',
      ),
    );
    expect(hub.registry.all()).toHaveLength(2);
    expect(await shell(block('docs/rotation.md', 'plan --max-changes 100%'))).toContain('2 unchanged');
  });
});
