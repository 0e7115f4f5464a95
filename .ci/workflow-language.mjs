// Checks workflows and actions with GitHub's own language service: workflow-language.mjs TOOLS FILE…
//   TOOLS  a folder in which npm has installed @actions/languageservice
// It comes without import attributes for its JSON and with imports that name no extension, so it is bundled before it runs.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';
import { publishedOwner } from '../scripts/repository-name.ts';

/** What it says wrongly, message by message, each with the reason. One that is no longer said fails too. */
const ignored = [];

const [tools, ...files] = process.argv.slice(2);
const { validate, TextDocument } = await languageService(resolve(tools));
const unused = new Set(ignored);
let failed = false;
for (const file of files) {
  const document = TextDocument.create(pathToFileURL(resolve(file)).href, 'yaml', 1, readFileSync(file, 'utf8'));
  for (const { message, range } of await validate(document, { fileProvider: { getFileContent } })) {
    const excuse = ignored.find((one) => one.file === file && one.message === message);
    if (excuse !== undefined) unused.delete(excuse);
    else {
      failed = true;
      console.error(`${file}:${range.start.line + 1}:${range.start.character + 1}: ${message}`);
    }
  }
}
for (const { file, message } of unused) {
  failed = true;
  console.error(`${file}: no longer said, ignore it no more: ${message}`);
}
if (failed) process.exitCode = 1;
else console.log(`${files.length} files`);

/** What a workflow refers to: of this repository as it lies here, and nothing of others. */
async function getFileContent(reference) {
  if ('owner' in reference && reference.owner !== publishedOwner()) throw new Error(`not here: ${reference.owner}`);
  const path = reference.path.replace(/^\.\//, '');
  return { name: path, content: readFileSync(path, 'utf8') };
}

async function languageService(folder) {
  const parts = {
    service: '@actions/languageservice/validate',
    document: 'vscode-languageserver-textdocument',
  };
  const entry = `export { validate } from '${parts.service}'; export { TextDocument } from '${parts.document}';`;
  const build = await rolldown({
    input: 'entry',
    cwd: folder,
    platform: 'node',
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === 'entry' ? join(folder, 'entry.js') : null),
        load: (id) => (id === join(folder, 'entry.js') ? entry : null),
      },
    ],
    onLog: () => {},
  });
  const file = join(folder, 'bundle.mjs');
  await build.write({ file, format: 'esm', codeSplitting: false });
  await build.close();
  return import(pathToFileURL(file).href);
}
