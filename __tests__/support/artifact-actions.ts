import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { folderWith } from './folder.ts';

/**
 * Folders that replace the actions of others in our workflows, by `owner/name@commit`, because they cannot be downloaded here:
 * artifacts go into a folder, and code scanning into a file.
 */
export function othersActions(): Readonly<Record<string, string>> {
  const used = new Set<string>();
  for (const name of ['provision', 'watch', 'release-configs']) {
    const { jobs }: { jobs: Record<string, { steps: { uses?: string }[] }> } = parse(
      readFileSync(`.github/workflows/${name}.yml`, 'utf8'),
    );
    for (const { uses } of Object.values(jobs).flatMap(({ steps }) => steps)) if (uses !== undefined) used.add(uses);
  }
  return Object.fromEntries(
    Object.entries(replacements).map(([name, [path, text]]) => {
      const [, commit = ''] = [...used].find((uses) => uses.startsWith(`${name}${path}@`))?.split('@') ?? [];
      return [`${name}@${commit}`, folderWith({ [`.${path}/action.yml`]: text })];
    }),
  );
}

const input = (name: string) => `\${{ inputs.${name} }}`;

/** By the name of the action: its path in its repository, and what takes its place. */
const replacements: Readonly<Record<string, readonly [path: string, text: string]>> = {
  'actions/upload-artifact': [
    '',
    `
name: Upload
description: Copies files into a numbered folder of ARTIFACTS, then tells the test at MEANWHILE, if there is one.
inputs:
  name: { description: '', required: true }
  path: { description: '', required: true }
  if-no-files-found: { description: '' }
  retention-days: { description: '' }
outputs:
  artifact-id: { description: '', value: "\${{ steps.copy.outputs.artifact-id }}" }
runs:
  using: composite
  steps:
    - id: copy
      shell: bash
      env: { NAME: '${input('name')}', FILES: '${input('path')}' }
      run: |
        id=4711
        until mkdir "$ARTIFACTS/$id" 2> /dev/null; do id=$(( id + 1 )); done
        mkdir "$ARTIFACTS/$id/$NAME"
        while read -r file; do
          if [ -n "$file" ]; then cp "$file" "$ARTIFACTS/$id/$NAME/"; fi
        done <<< "$FILES"
        echo "artifact-id=$id" >> "$GITHUB_OUTPUT"
        if [ -n "$MEANWHILE" ]; then node -e 'fetch(process.env.MEANWHILE)'; fi
`,
  ],
  'actions/download-artifact': [
    '',
    `
name: Download
description: Copies files of ARTIFACTS, those of one artifact without a folder of its own.
inputs:
  artifact-ids: { description: '' }
  pattern: { description: '' }
  path: { description: '', required: true }
runs:
  using: composite
  steps:
    - shell: bash
      env: { ID: '${input('artifact-ids')}', PATTERN: '${input('pattern')}', TO: '${input('path')}' }
      run: |
        mkdir --parents "$TO"
        if [ -n "$ID" ]; then cp "$ARTIFACTS/$ID"/*/* "$TO/"; exit; fi
        mapfile -t found < <(find "$ARTIFACTS" -mindepth 2 -maxdepth 2 -name "$PATTERN")
        if [ "\${#found[@]}" = 0 ]; then exit; fi
        if [ "\${#found[@]}" = 1 ]; then cp "\${found[0]}"/* "$TO/"; else cp --recursive "\${found[@]}" "$TO/"; fi
`,
  ],
  'github/codeql-action': [
    '/upload-sarif',
    `
name: Code scanning
description: Keeps what would be uploaded.
inputs:
  sarif_file: { description: '', required: true }
  category: { description: '', required: true }
runs:
  using: composite
  steps:
    - shell: bash
      env: { FILE: '${input('sarif_file')}', CATEGORY: '${input('category')}' }
      run: |
        grep --quiet '"version":' "$FILE"
        echo "code scanning takes $CATEGORY"
`,
  ],
};
