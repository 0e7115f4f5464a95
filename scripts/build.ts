import { rmSync, writeFileSync } from 'node:fs';
import { rolldown } from 'rolldown';
import { compileSchema } from './compile-schema.ts';
import { writeDocs } from './docs.ts';
import { licencesOf } from './licences.ts';

/** Makes everything that is generated and committed. The same sources give the same bytes, on every machine. */
writeFileSync('src/manifest/schema.generated.js', compileSchema());
await writeDocs();
await bundle();

async function bundle(): Promise<void> {
  const build = await rolldown({
    input: { action: 'src/action.ts', cli: 'src/cli.ts' },
    platform: 'node',
    // Paths of this machine must not decide about the bytes.
    cwd: process.cwd(),
    // @actions/core and the SDK carry what we never call; nothing of it is missing at run time.
    treeshake: true,
    onLog: (level, log, handler) => {
      if (level === 'warn' && ignored.has(log.code ?? '')) return;
      handler(level, log);
    },
  });
  rmSync('dist', { recursive: true, force: true });
  const { output } = await build.write({
    dir: 'dist',
    format: 'esm',
    minify: true,
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name].js',
    comments: false,
  });
  await build.close();
  writeFileSync('dist/package.json', '{ "type": "module" }\n');
  const modules = output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []));
  writeFileSync('dist/licences.txt', licencesOf(modules));
}

const ignored = new Set(['EVAL', 'CIRCULAR_DEPENDENCY']);
