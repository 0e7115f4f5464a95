import { rmSync, writeFileSync } from 'node:fs';
import { type Plugin, rolldown } from 'rolldown';
import { bundledPackages } from './bundled.ts';
import { compileSchema } from './compile-schema.ts';
import { dependenciesPage } from './dependencies-page.ts';
import { writeDeviceScripts } from './device-scripts.ts';
import { writeDocs } from './docs.ts';
import { licencesOf } from './licences.ts';
import { writeReportAssets } from './report-assets.ts';
import { sbomOf } from './sbom.ts';

/**
 * Modules that every command needs. They are one file, since each further file costs a run almost a millisecond. The action loads the
 * part of the command line too, and does not run it.
 */
const core = [
  /\/src\/terminal\/(faults|output|program|pipeline|progress|report|root|style)\./,
  /\/node_modules\/commander\//,
  /\/src\/(model|rules)\//,
  /\/src\/report\/(?!annotations|comment|fingerprints|html|issue|markdown|quot|sarif|summary)/,
  /\/src\/plan\/limit\./,
  /\/src\/(check|provision)\.ts$/,
  /\/src\/run\/(?!plan-file|commit-workspace|report-page)/,
  /\/src\/manifest\/(?!json|csv|first|declared)/,
  /\/src\/identity\/(?!issue|authority|pairs)/,
  /\/src\/bundle\/(judge\/|render|name|base\/read|config\/(agent|parent|placeholders)\.)/,
  /\/src\/hub\/(assign-hubs|fleet-rules|import\/import-container)/,
  /\/node_modules\/yaml\//,
  /\/node_modules\/node-forge\/lib\/(asn1|baseN|forge|oids|util)\.js$/,
];

/** Modules that a run with a hub needs as well. */
const planning = [/\/src\/(plan|apply)\//];

/** The CommonJS build of jsonc-parser looks for its own files at run time, and a bundle does not have them. */
const alias = { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' };

/** Makes everything that is generated and committed. The same sources give the same bytes on every machine. */
async function build(): Promise<void> {
  writeFileSync('src/manifest/schema.generated.js', compileSchema());
  writeDeviceScripts();
  await writeReportAssets();
  writeDocs();
  await bundle();
}

async function bundle(): Promise<void> {
  const build = await rolldown({
    input: { action: 'src/action.ts', cli: 'src/cli.ts' },
    platform: 'node',
    resolve: { alias },
    plugins: [commanderAlone, asciiAlone],
  });
  // Otherwise chunks of an earlier build would stay.
  rmSync('dist', { recursive: true, force: true });
  const { output } = await build.write({
    dir: 'dist',
    // When an ES module imports a module of Node, Node reads all of its properties, and some of them load further modules:
    // node:crypto loads webcrypto, node:fs loads node:fs/promises and node:readline. require() reads no property.
    format: 'cjs',
    minify: true,
    comments: false,
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name].js',
    codeSplitting: {
      groups: [groupOf('core', core), groupOf('planning', planning)],
    },
  });
  await build.close();
  writeFileSync('dist/package.json', '{ "type": "commonjs" }\n');
  const chunks = output.filter((chunk) => chunk.type === 'chunk');
  const modules = chunks.flatMap((chunk) => Object.entries(chunk.modules));
  const packages = bundledPackages(new Map(modules.map(([id, { renderedLength }]) => [id, renderedLength])));
  writeFileSync('dist/licences.txt', licencesOf(packages));
  writeFileSync('dist/sbom.cdx.json', sbomOf(packages));
  writeFileSync('docs/dependencies.md', dependenciesPage(packages));
}

/**
 * Takes child_process out of commander, which loads it in every run and needs 2 ms for it. commander uses it only for commands that are
 * programs of their own (executableFile), and we have none.
 */
const commanderAlone = {
  name: 'commander-alone',
  transform(code: string, id: string) {
    if (!/\/node_modules\/commander\/lib\/command\.js$/.test(id)) return undefined;
    const line = "const childProcess = require('node:child_process');";
    if (!code.includes(line)) throw new Error('commander loads child_process in another way now');
    return code.replace(line, '');
  },
};

/**
 * Writes every character that is not ASCII as an escape. One such character makes V8 hold the whole file in two bytes a character, which
 * takes a run 2 ms.
 */
const asciiAlone: Plugin = {
  name: 'ascii-alone',
  generateBundle(_, bundle) {
    for (const chunk of Object.values(bundle)) {
      if (chunk.type !== 'chunk') continue;
      if (/String\.raw`[^`]*[^\0-\x7f]/.test(chunk.code)) throw new Error('String.raw does not read an escape');
      chunk.code = chunk.code.replace(
        /[^\0-\x7f]/g,
        (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
      );
    }
  },
};

/** A group of modules for one chunk. If two groups name a module, the first takes it. */
function groupOf(name: string, patterns: readonly RegExp[]) {
  return { name, test: (id: string) => patterns.some((pattern) => pattern.test(id)) };
}

await build();
