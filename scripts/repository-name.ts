import { readFileSync } from 'node:fs';

/** The name of the repository on GitHub, without its owner. */
export const repositoryName = 'provision-iot-edge';

/** The account that publishes this repository, as package.json names it. `OWNER` until `npm run publish-as` gives it a name. */
export function publishedOwner(root = '.'): string {
  const { repository } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
  const [, owner] = new RegExp(`^github:([A-Za-z0-9-]+)/${repositoryName}$`).exec(repository) ?? [];
  if (owner === undefined) throw new Error(`package.json: "repository" is not github:OWNER/${repositoryName}`);
  return owner;
}
