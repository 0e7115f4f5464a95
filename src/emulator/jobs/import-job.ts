import { type OpenContainer, unreadable, unwritable } from './blob-access.ts';
import { importLines, type RefuseLine } from './import-lines.ts';
import type { Work } from './work.ts';

/** The import that a client asks for. */
export interface WantedImport {
  readonly type: 'import';
  readonly inputBlobContainerUri: string;
  readonly inputBlobName: string;
  readonly outputBlobContainerUri: string;
}

const errorsName = 'importErrors.log';

/**
 * Opens the containers and reports at once what is wrong with them, as the service does (reported for the output, and
 * for blobs that do not exist).
 */
export async function openImport(
  { inputBlobContainerUri, inputBlobName, outputBlobContainerUri }: WantedImport,
  open: OpenContainer,
  refuse: RefuseLine | undefined,
): Promise<Work> {
  const output = await open(outputBlobContainerUri).catch(unwritable);
  const input = await open(inputBlobContainerUri).catch(unreadable);
  await output.clear(errorsName).catch(unwritable);
  await input.check(inputBlobName).catch(unreadable);
  return {
    // A job of five devices took 18.6 s, nearly all of it in the state running (recorded).
    preparedFor: 15_000,
    async run(part) {
      const source = await input.read(inputBlobName, part.signal);
      await importLines(source, { ...part, refuse, errors: () => output.writer(errorsName) });
    },
  };
}
