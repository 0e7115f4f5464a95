import { stripTypeScriptTypes } from 'node:module';
import { createInstrumenter } from 'istanbul-lib-instrument';
import { rolldown } from 'rolldown';

import { counters, places } from './coverage.ts';

/** Bundles this module into one file whose statements and branches count themselves. */
export async function instrumented(input: string, file: string): Promise<void> {
  const numbers = new Map<string, number>();
  const bundle = await rolldown({
    input,
    platform: 'node',
    checks: { bundlerTimings: false },
    resolve: { alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' } },
    plugins: [
      {
        name: 'counters',
        // The readers: ours, and the packages that read what comes from outside.
        transform: {
          order: 'post',
          handler: (code, id) =>
            /\/src\/(?!.*generated)|\/node_modules\/(yaml|csv-parse|jsonc-parser|node-forge|smol-toml)\//.test(id)
              ? { code: counting(code, id, numbers), moduleType: 'js' }
              : undefined,
        },
      },
    ],
  });
  await bundle.write({ file, format: 'esm', codeSplitting: false });
  await bundle.close();
  if (numbers.size > places) throw new Error(`${numbers.size} counters: more than ${places}`);
}

/**
 * The code with counters in one array of bytes. Istanbul's own, in an object of objects that a call gives, take most of the time;
 * those of functions say what the first statement of each says too.
 */
function counting(code: string, id: string, numbers: Map<string, number>): string {
  const instrumenter = createInstrumenter({ esModules: true, produceSourceMap: false });
  const numberOf = (counter: string) => {
    const number = numbers.get(counter) ?? numbers.size;
    numbers.set(counter, number);
    return number;
  };
  const body = instrumenter
    .instrumentSync(stripTypeScriptTypes(code), id)
    .replace(/cov_\w+\(\)\.f\[\d+\]\+\+;/g, '')
    .replace(/cov_\w+\(\)(\.[sb](?:\[\d+\])+)\+\+/g, (_, counter) => `${counters}[${numberOf(id + counter)}]++`);
  return `const ${counters} = globalThis.${counters} ??= new Uint8Array(${places});\n${body}`;
}
