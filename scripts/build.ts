import { rmSync, writeFileSync } from 'node:fs';
import { rolldown } from 'rolldown';
import { compileSchema } from './compile-schema.ts';
import { writeDeviceScripts } from './device-scripts.ts';
import { writeDocs } from './docs.ts';
import { licencesOf } from './licences.ts';

/** Modules that every run of a command needs. They come in one piece: each file more costs a run almost a millisecond. */
const core = [
  /\/src\/(model|rules)\//,
  /\/src\/report\/(text|json|counts|devices|headline|severity|sums|visible|writing)\./,
  /\/src\/plan\/limit\./,
  /\/src\/(check|provision)\.ts$/,
  /\/src\/run\/(?!plan-file|commit-workspace)/,
  /\/src\/manifest\/(?!json|csv|first|declared)/,
  /\/src\/identity\/(?!issue|authority|pairs)/,
  /\/src\/bundle\/(judge\/|render|name|base\/read|config\/(agent|parent|placeholders)\.)/,
  /\/src\/hub\/(assign-hubs|fleet-rules|import\/import-container)/,
  /\/node_modules\/yaml\//,
  /\/node_modules\/node-forge\/lib\/(asn1|baseN|forge|oids|util)\.js$/,
];

/** What every command of the command line needs beside that. */
const commandLine = [/\/src\/terminal\/(faults|program|pipeline|progress|root|style)\./, /\/node_modules\/commander\//];

/** What a run with a hub needs beside that. */
const planning = [/\/src\/(plan|apply)\//];

/** What jsonc-parser has for require() finds its own parts at run time only, where a bundle has none. */
const alias = { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' };

/** Makes everything that is generated and committed. The same sources give the same bytes, on every machine. */
async function build(): Promise<void> {
  writeFileSync('src/manifest/schema.generated.js', compileSchema());
  writeDeviceScripts();
  writeDocs();
  await bundle();
}

async function bundle(): Promise<void> {
  const build = await rolldown({
    input: { action: 'src/action.ts', cli: 'src/cli.ts' },
    platform: 'node',
    resolve: { alias },
    plugins: [commanderAlone],
  });
  // Chunks of an earlier build would stay.
  rmSync('dist', { recursive: true, force: true });
  const { output } = await build.write({
    dir: 'dist',
    // A module of Node that an ES module imports is read to its last property, and with it loaded what no run needs: for
    // node:crypto all of webcrypto, for node:fs all of node:fs/promises and node:readline. require() reads nothing.
    format: 'cjs',
    minify: true,
    comments: false,
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name].js',
    codeSplitting: {
      groups: [groupOf('core', core), groupOf('command-line', commandLine), groupOf('planning', planning)],
    },
  });
  await build.close();
  writeFileSync('dist/package.json', '{ "type": "commonjs" }\n');
  const modules = output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []));
  writeFileSync('dist/licences.txt', licencesOf(modules));
}

/**
 * What commander starts other programs with, we never do; to load it costs every run 2 ms.
 * It is used by commands with a program of their own alone (executableFile).
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

/** Of two groups the first takes a module that both name. */
function groupOf(name: string, patterns: readonly RegExp[]) {
  return { name, test: (id: string) => patterns.some((pattern) => pattern.test(id)) };
}

await build();
