import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const input = (name: string) => `\${{ inputs.${name} }}`;

/** Takes what the action takes, and runs this script with the inputs as variables. */
const action = (inputs: readonly string[], script: string) =>
  JSON.stringify({
    name: 'Stand-in',
    description: 'Takes the place of an action that is not downloaded here.',
    inputs: Object.fromEntries(inputs.map((name) => [name, { description: name }])),
    runs: {
      using: 'composite',
      steps: [
        { shell: 'bash', env: Object.fromEntries(inputs.map((name) => [variable(name), input(name)])), run: script },
      ],
    },
  });

const variable = (name: string) => `INPUT_${name.toUpperCase().replaceAll('-', '_')}`;

/**
 * What takes the place of the release workflow's actions. Artifacts lie in the folder ARTIFACTS. The stand-in for attestations keeps what it is
 * asked to attest in ATTESTED. It also puts GH_STAND_IN before all programs, since what comes after it are calls of GitHub.
 */
const standIns: Readonly<Record<string, string>> = {
  'actions/setup-node': action(['node-version', 'package-manager-cache'], 'node --version'),
  'actions/upload-artifact': action(
    ['name', 'path', 'if-no-files-found'],
    'mkdir --parents "$ARTIFACTS/$INPUT_NAME" && cp --recursive "$INPUT_PATH"/. "$ARTIFACTS/$INPUT_NAME"',
  ),
  'actions/download-artifact': action(
    ['name', 'path'],
    'mkdir --parents "$INPUT_PATH" && cp --recursive "$ARTIFACTS/$INPUT_NAME"/. "$INPUT_PATH"',
  ),
  'actions/attest': action(
    ['subject-checksums', 'sbom-path'],
    [
      'echo "$GH_STAND_IN" >> "$GITHUB_PATH"',
      'echo "attest $INPUT_SUBJECT_CHECKSUMS $INPUT_SBOM_PATH" >> "$CALLS"',
      'to=$ATTESTED/$(wc -l < "$CALLS")',
      'mkdir --parents "$to" && cp "$INPUT_SUBJECT_CHECKSUMS" $INPUT_SBOM_PATH "$to"',
    ].join('\n'),
  ),
};

/** Notes its arguments. Like GitHub it knows no release and no tag of the major version before the first one. */
const gh = `#!/bin/sh
echo "gh $*" >> "$CALLS"
case "$*" in 'release view'* | *'--method PATCH'*) exit 1 ;; esac
`;

/** Writes the stand-ins below a folder. Returns their folders by \`owner/name@commit\`, as the workflow uses them. */
export function writeStandIns(folder: string, workflow: string): Readonly<Record<string, string>> {
  const { jobs }: { readonly jobs: Readonly<Record<string, { readonly steps: readonly { uses?: string }[] }>> } =
    parse(workflow);
  const used = new Set(Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ uses }) => uses ?? [])));
  mkdirSync(join(folder, 'bin'), { recursive: true });
  writeFileSync(join(folder, 'bin/gh'), gh, { mode: 0o755 });
  return Object.fromEntries(
    [...used].flatMap((uses) => {
      const [name = '', commit = ''] = uses.split('@');
      const text = standIns[name];
      if (text === undefined) return [];
      mkdirSync(join(folder, name), { recursive: true });
      writeFileSync(join(folder, name, 'action.yml'), text);
      return [[`${name}@${commit}`, join(folder, name)]];
    }),
  );
}
