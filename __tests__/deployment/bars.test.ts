import { expect, it } from 'vitest';
import { runCli } from '../e2e/runner.ts';
import { folderWith, memory } from '../support/folder.ts';
import { slowness } from '../support/machine.ts';
import { changed, type Tree } from './deployments.ts';

/** A deployment of 20 modules with a route each; files differ, as those of sites do. */
function ofSite(site: number): string {
  return changed(({ agent, hub }) => {
    const names = Array.from({ length: 20 }, (_, n) => `module-${n}`);
    agent.modules = Object.fromEntries(
      names.map((name, n) => {
        const createOptions = {
          HostConfig: {
            Binds: [`/srv/${site}/${name}:/data`],
            PortBindings: { '8080/tcp': [{ HostPort: `${20_000 + n}` }] },
            LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
          },
        };
        const module: Tree = {
          version: '1.0',
          type: 'docker',
          status: 'running',
          restartPolicy: 'always',
          env: { SITE: { value: `${site}` }, LEVEL: { value: 'info' } },
          settings: { image: `contoso.azurecr.io/${name}:1.${n}.0`, createOptions: JSON.stringify(createOptions) },
        };
        return [name, module];
      }),
    );
    hub.routes = Object.fromEntries(
      names.map((name) => [name, `FROM /messages/modules/${name}/outputs/* WHERE $body.site = ${site} INTO $upstream`]),
    );
  });
}

it('1,000 files of 20 modules take under 1 s more than one file (best of three)', { timeout: 120_000 }, async () => {
  const files = Object.fromEntries(
    Array.from({ length: 1_000 }, (_, site) => [`deployments/${site}.json`, ofSite(site)]),
  );
  const workspace = folderWith(files, memory);
  const validate = async (pattern: string) => {
    const { code, stdout, milliseconds } = await runCli(['validate', '--deployments', pattern], workspace);
    expect(code, stdout).toBe(0);
    return milliseconds;
  };
  const slow = slowness();
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 3 && best > 1000 * slow; run++) {
    const one = await validate('deployments/0.json');
    best = Math.min(best, (await validate('deployments/*.json')) - one);
  }
  console.log(
    `1,000 deployments of 20 modules: ${Math.round(best)} ms more than one, bar stretched by ${slow.toFixed(1)}`,
  );
  expect(best).toBeLessThan(1000 * slow);
});
