import type { Value } from '../json/value.ts';
import { foundText } from '../reading/found.ts';
import { heldText } from '../reading/scalars.ts';
import { type Held, mapOf, object, type Reading, type Shape, text } from '../reading/shape.ts';
import { trimmed } from '../route/dotnet-text.ts';
import { readType } from './module.ts';

/** RegistryCredentials.cs: none of the three may be blank. */
const filled: Shape = {
  kind: 'own',
  read: (reading, value, key) => {
    if (reading.isOpen(value)) return 'value';
    const held = reading.read(value, text, key);
    const isBlank = held === 'value' && trimmed(heldText(reading, value) ?? '') === '';
    return isBlank ? reading.refuse({ kind: 'blank', key }, value) : held;
  },
};
const needsFilled = { shape: filled, needs: 'value' } as const;
export const login: Shape = object({ address: needsFilled, username: needsFilled, password: needsFilled });

/** DockerRuntimeConfig.cs */
const runtimeSettings: Shape = object({
  minDockerVersion: text,
  loggingOptions: text,
  registryCredentials: mapOf(login),
});

/** DockerRuntimeInfo.cs: a parameter of its constructor has the name `config`, and that key is read for it too. */
const fields = object({
  type: text,
  settings: runtimeSettings,
  config: { shape: runtimeSettings, readAs: 'settings', hidden: true },
});

/** `runtime`, which TypeSpecificSerDe.cs reads by its type. */
export const runtimeInfo: Shape = { kind: 'own', read: readRuntime };

function readRuntime(reading: Reading, value: Value, key: string): Held {
  if (reading.isOpen(value)) return 'value';
  if (value.kind === 'null') return 'null';
  if (value.kind !== 'map')
    return reading.refuse({ kind: 'type', key, expected: 'an object', found: foundText(value) }, value);
  const type = readType(reading, value, key);
  const held = reading.fields(value, fields, key);
  return type === 'refused' ? type : held;
}
