import { consequence, type Stage } from './deployment-words.ts';
import { rule } from './rule.ts';
import { allVersions, iotedge, nobody } from './sources.ts';

/** Why edgeHub does not take the text of a route. */
export type RouteFault =
  | { readonly kind: 'no source' }
  | { readonly kind: 'syntax'; readonly found: string; readonly expected: readonly string[] }
  | { readonly kind: 'system sink' | 'function sink'; readonly name: string }
  | { readonly kind: 'blank address' }
  | { readonly kind: 'address parts'; readonly count: number };

/** Why edgeHub cannot compile the condition of a route. */
export type RouteConditionFault =
  | {
      readonly kind: 'operands';
      readonly operator: string;
      readonly found: readonly string[];
      readonly expected: readonly string[];
    }
  | { readonly kind: 'no operator'; readonly operator: string; readonly found: readonly string[] }
  | { readonly kind: 'unknown function'; readonly name: string; readonly near?: string }
  | { readonly kind: 'arguments'; readonly name: string; readonly found: readonly string[] }
  | { readonly kind: 'unknown character'; readonly character: string }
  | { readonly kind: 'missing parenthesis' | 'extra parenthesis' | 'unterminated string' | 'too deep' }
  | { readonly kind: 'body path'; readonly path: string };

interface OfRoute {
  /** `routes.upstream` */
  readonly key: string;
  /** At which character of the route, from 1 on. */
  readonly character: number;
  readonly runtime: string;
  readonly stage: Stage;
}

const routing = 'edge-hub/core/src/Microsoft.Azure.Devices.Routing.Core';

export const deploymentRouteRules = {
  'deployment/route': rule<OfRoute & { fault: RouteFault }>({
    severity: 'error',
    refusedBy: [
      {
        who: 'runtime',
        versions: allVersions,
        when: 'deployment',
        source: iotedge('1.5.44', `${routing}/RouteFactory.cs`),
      },
      {
        who: 'runtime',
        versions: allVersions,
        when: 'deployment',
        source: iotedge('1.5.44', 'edge-hub/core/src/Microsoft.Azure.Devices.Edge.Hub.Core/routing/EndpointFactory.cs'),
      },
    ],
    adjustable: 'warning',
    about: 'A route has a text that edgeHub does not take. One such route refuses all of them.',
    message: ({ key, character, fault, runtime, stage }) =>
      `${key}: ${routeFaultText(fault)} at character ${character}; ${consequence('edgeHub', stage, runtime)}`,
    remedy: ({ fault }) => routeFaultRemedy(fault),
    example: {
      key: 'routes.upstream',
      character: 20,
      runtime: '1.5',
      stage: 'parse',
      fault: { kind: 'syntax', found: 'TO', expected: ['INTO', 'WHERE'] },
    },
  }),
  'deployment/route-condition': rule<OfRoute & { fault: RouteConditionFault }>({
    severity: 'error',
    refusedBy: [
      {
        who: 'runtime',
        versions: allVersions,
        when: 'deployment',
        source: iotedge('1.5.44', `${routing}/query/RouteCompiler.cs`),
      },
    ],
    adjustable: 'warning',
    about:
      'The condition of a route does not compile. edgeHub reports that it took the configuration, and applies none of it.',
    message: ({ key, character, fault, runtime, stage }) =>
      `${key}: ${conditionFaultText(fault)} at character ${character}; ${consequence('edgeHub', stage, runtime)}`,
    remedy: ({ fault }) => conditionFaultRemedy(fault),
    example: {
      key: 'routes.alerts',
      character: 33,
      runtime: '1.5',
      stage: 'compile',
      fault: { kind: 'operands', operator: '>', found: ['string', 'number'], expected: ['number', 'number'] },
    },
  }),
  'deployment/route-rest': rule<{ key: string; text: string }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about: 'There is text behind the sink of a route. edgeHub ignores it, also a WHERE: the route takes all messages.',
    message: ({ key, text }) => `${key}: edgeHub ignores ${JSON.stringify(text)} behind the sink`,
    remedy: ({ text }) =>
      /^\s*where\b/i.test(text) ? 'Move it before INTO: FROM /messages/* WHERE … INTO $upstream.' : 'Remove it.',
    example: { key: 'routes.alerts', text: "WHERE level = 'alert'" },
  }),
  'deployment/route-comment': rule<{ key: string; text: string }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about: 'A part of a route is a comment, from `/*` to `*/`. `/messages/*` opens one if a `*/` follows anywhere.',
    message: ({ key, text }) => `${key}: edgeHub takes ${JSON.stringify(text)} for a comment`,
    remedy: () => 'Write the route without "*/", so that the "/*" of its source opens no comment.',
    example: { key: 'routes.alerts', text: "/* WHERE level = 'alert' /* note */" },
  }),
};

function routeFaultText(fault: RouteFault): string {
  switch (fault.kind) {
    case 'no source':
      return 'the route has no FROM part';
    case 'syntax':
      return `expected ${listed(fault.expected)}, found ${fault.found === '' ? 'the end' : JSON.stringify(fault.found)}`;
    case 'system sink':
      return `the sink is ${fault.name}, expected $upstream`;
    case 'function sink':
      return `the sink is ${fault.name}, expected BrokeredEndpoint`;
    case 'blank address':
      return 'the address of BrokeredEndpoint is blank';
    case 'address parts':
      return `the address of BrokeredEndpoint has ${fault.count} parts, expected /modules/NAME/inputs/INPUT`;
  }
}

function routeFaultRemedy(fault: RouteFault): string {
  switch (fault.kind) {
    case 'blank address':
    case 'address parts':
    case 'function sink':
      return 'Write INTO BrokeredEndpoint("/modules/NAME/inputs/INPUT").';
    case 'system sink':
      return 'Write INTO $upstream.';
    default:
      return 'Write it as FROM /messages/modules/NAME/outputs/* WHERE condition INTO $upstream; WHERE may be left out.';
  }
}

function conditionFaultText(fault: RouteConditionFault): string {
  switch (fault.kind) {
    case 'operands':
      return `${fault.operator} has ${listed(fault.found, 'and')}, expected ${listed(fault.expected, 'and')}`;
    case 'no operator':
      return `there is no ${fault.operator} for ${listed(fault.found, 'and')}`;
    case 'unknown function':
      return `unknown function ${fault.name}${fault.near === undefined ? '' : `; did you mean "${fault.near}"?`}`;
    case 'arguments':
      return `${fault.name} does not take ${fault.found.length === 0 ? 'no arguments' : listed(fault.found, 'and')}`;
    case 'unknown character':
      return `unexpected character ${JSON.stringify(fault.character)}`;
    case 'body path':
      return `${JSON.stringify(fault.path)} is no path in a body`;
    case 'too deep':
      return 'nested too deeply';
    default:
      return fault.kind;
  }
}

function conditionFaultRemedy(fault: RouteConditionFault): string {
  switch (fault.kind) {
    case 'operands':
      return fault.found.includes('string') && fault.found.includes('number')
        ? 'A property is text: write as_number(name), or $body.name for a value of the message.'
        : "Compare values of one type: as_number(name) > 5, $body.name > 5, name = 'text'.";
    case 'unknown function':
      return fault.near === undefined
        ? 'Use a function of the IoT Hub query language for routes.'
        : `Write ${fault.near}.`;
    case 'arguments':
      return `Give ${fault.name} the arguments that it takes.`;
    case 'missing parenthesis':
      return 'Close the parenthesis.';
    case 'extra parenthesis':
      return 'Remove the parenthesis.';
    case 'unterminated string':
      return "Close the text with a single quote: level = 'alert'.";
    case 'body path':
      return 'Write a path such as $body.device.temperature or $body.list[0].';
    default:
      return "Write the condition with =, !=, <, >, and, or, not: as_number(n) > 5 AND level = 'alert'.";
  }
}

function listed(words: readonly string[], joint = 'or'): string {
  return words.length < 2 ? (words[0] ?? 'nothing') : `${words.slice(0, -1).join(', ')} ${joint} ${words.at(-1)}`;
}
