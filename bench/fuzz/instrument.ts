import { stripTypeScriptTypes } from 'node:module';
import { createInstrumenter } from 'istanbul-lib-instrument';
import { rolldown } from 'rolldown';

import { counters } from './coverage.ts';

/** Bundles this module into one file whose statements and branches count themselves. */
export async function instrumented(input: string, file: string): Promise<void> {
  const instrumenter = createInstrumenter({
    coverageVariable: counters,
    esModules: true,
    compact: true,
    produceSourceMap: false,
  });
  const bundle = await rolldown({
    input,
    platform: 'node',
    resolve: { alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' } },
    plugins: [
      {
        name: 'counters',
        // The readers: ours, and the packages that read what comes from outside.
        transform: {
          order: 'post',
          handler: (code, id) =>
            /\/src\/(?!.*generated)|\/node_modules\/(yaml|csv-parse|jsonc-parser|node-forge|smol-toml)\//.test(id)
              ? { code: instrumenter.instrumentSync(stripTypeScriptTypes(code), id), moduleType: 'js' }
              : undefined,
        },
      },
    ],
  });
  await bundle.write({ file, format: 'esm', codeSplitting: false });
  await bundle.close();
}
