import { rmSync, writeFileSync } from 'node:fs';
import { rolldown } from 'rolldown';
import { compileSchema } from './compile-schema.ts';
import { writeDeviceScripts } from './device-scripts.ts';
import { writeDocs } from './docs.ts';
import { licencesOf } from './licences.ts';

/** Modules that every run of a command needs. They come in one piece: each file more costs a run almost a millisecond. */
const core = [
  /\/src\/(model|rules|plan|report)\/(?!sarif|fingerprints|comment)/,
  /\/src\/(check|provision|request|run|sign-in|world|workspace|version)\.ts$/,
  /\/src\/manifest\/(?!json|csv|first|declared)/,
  /\/src\/identity\/(?!issue|authority|pairs)/,
  /\/src\/bundle\/(judge\/|render|name|base\/read|config\/(agent|parent|placeholders)\.)/,
  /\/src\/hub\/(allowed|fleet-rules|import-container)/,
  /\/node_modules\/yaml\//,
  /\/node_modules\/node-forge\/lib\/(asn1|baseN|forge|oids|util)\.js$/,
];

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
  });
  // Chunks of an earlier build would stay.
  rmSync('dist', { recursive: true, force: true });
  const { output } = await build.write({
    dir: 'dist',
    format: 'esm',
    minify: true,
    comments: false,
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name].js',
    codeSplitting: { groups: [{ name: 'core', test: (id) => core.some((pattern) => pattern.test(id)) }] },
  });
  await build.close();
  writeFileSync('dist/package.json', '{ "type": "module" }\n');
  const modules = output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []));
  writeFileSync('dist/licences.txt', licencesOf(modules));
}

await build();
