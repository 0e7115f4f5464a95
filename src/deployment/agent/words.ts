import type { Shape } from '../reading/shape.ts';
import type { Word } from '../reading/word.ts';

/** The enumerations of IModule.cs, Microsoft.Azure.Devices.Edge.Agent.Core. */
const statuses = wordsOf(
  ['unknown', 'Unknown'],
  ['backoff', 'Backoff'],
  ['running', 'Running'],
  ['unhealthy', 'Unhealthy'],
  ['stopped', 'Stopped'],
  ['failed', 'Failed'],
  ['dead', 'Dead'],
);
const restartPolicies = wordsOf(
  ['never', 'Never'],
  ['on-failure', 'OnFailure'],
  ['on-unhealthy', 'OnUnhealthy'],
  ['always', 'Always'],
  ['unknown', 'Unknown'],
);
const pullPolicies = wordsOf(['on-create', 'OnCreate'], ['never', 'Never']);

/** DockerModule checks the words that it is given (CheckIsDefined); edgeAgent's own module is not given these two. */
export const words = {
  status: word(statuses, true),
  restartPolicy: word(restartPolicies, true),
  imagePullPolicy: word(pullPolicies, true),
  anyStatus: word(statuses, false),
  anyRestartPolicy: word(restartPolicies, false),
} as const;

export { restartPolicies, statuses };

function wordsOf(...names: readonly (readonly [string, string])[]): readonly Word[] {
  return names.map((both, number) => ({ number, names: both }));
}

function word(of: readonly Word[], defined: boolean): Shape {
  return { kind: 'word', words: { words: of, converter: 'string', defined, ...(defined ? {} : { unused: true }) } };
}
