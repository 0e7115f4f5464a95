import { spawnSync } from 'node:child_process';
import { type InstallerSettings, renderInstaller } from '../../../src/bundle/install/linux.ts';

/** Runs a script with the functions of the installer, which itself does nothing. Returns its output. */
export function withFunctions(
  settings: Partial<InstallerSettings>,
  script: string,
  env: Readonly<Record<string, string>> = {},
): string {
  const whole = renderInstaller({
    device: 'edge-001',
    version: { text: '1.1', major: 1, minor: 1 },
    platform: 'debian',
    thumbprints: [],
    certificate: '/c.pem',
    privateKey: undefined,
    sha256: { configuration: '' },
    secrets: [],
    ...settings,
  });
  const end = '\nmain "$@"\n}\n';
  if (!whole.endsWith(end)) throw new Error('the installer does not end as it did');
  const input = `${whole.slice(0, -end.length)}\n${script}\n}\n`;
  const { status, stdout, stderr } = spawnSync('sh', ['-s'], {
    input,
    env: { PATH: process.env.PATH ?? '', ...env },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}
