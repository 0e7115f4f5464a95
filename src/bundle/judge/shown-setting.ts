import { proxyProblem } from './proxy.ts';
import { secretOf } from './secrets.ts';

/**
 * The value of a setting as people may see it, by its dotted key of `settingsOf`. Of a secret only that it is one: the pull
 * request that takes it away would show what may still be in use.
 */
export function shownSetting(key: string, value: string): string;
export function shownSetting(key: string, value: string | undefined): string | undefined;
export function shownSetting(key: string, value: string | undefined): string | undefined {
  return value !== undefined && isSecret(key, value) ? '(a secret)' : value;
}

function isSecret(key: string, value: string): boolean {
  const told = value.replace(/(?:pin-value=)?\$\{IOTEDGE_\w*\}/g, '');
  if (told === '') return false;
  if (key === 'agent.registry.password') return true;
  // An address that none is may be a password whose @ is missing.
  if (proxyKey.test(key) && proxyProblem(value) !== undefined) return true;
  const inManifest = /^(identity|runtime)\./.test(key) ? key : `config.${key}`;
  if (secretOf(inManifest, told) !== undefined) return true;
  if (placeKey.test(key)) return false;
  // A key of the user's own, in an existing config.yaml or among the options of a container, says by its name what it holds.
  const name = key.slice(key.lastIndexOf('.') + 1);
  return secretOf(`${variable}${name}`, told) !== undefined || (optionsKey.test(key) && hasSecretVariable(told));
}

const proxyKey = /^(proxy\.https|agent\.env\.(https?|all)_proxy)$/i;
/** `identity.privateKey` is where it lies. */
const placeKey = /^(identity|edgeCa)\./;
const optionsKey = /^agent\.createOptions(\.|$)/;
const variable = 'config.agent.env.';

/** Options may stand as one text of JSON. */
function hasSecretVariable(text: string): boolean {
  return text.split(/[\s"'\\,{}[\]]+/).some((part) => secretOf('config.agent.createOptions.Env.0', part) !== undefined);
}
