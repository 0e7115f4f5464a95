import { insideOf } from '../json/inside.ts';
import { type Problem, problem } from '../problem.ts';
import { equalIgnoringCase } from '../route/dotnet-text.ts';
import { canBeTrue } from '../route/evaluate.ts';
import { isRefusal, type Route } from '../route/route.ts';
import type { Span } from '../route/token.ts';
import { hasPlaceholder } from '../template.ts';
import type { TextReads } from '../text-reads.ts';
import type { RouteSetup, Setup } from './setup.ts';

/** Routes that edgeHub takes and that carry nothing: from or to a module that is not there, or of messages that do not exist. */
export function judgeRoutes(setup: Setup, texts: TextReads): readonly Problem[] {
  return setup.routes.flatMap((route) => {
    if (setup.template && hasPlaceholder(route.text.text)) return [];
    const read = texts.route(route.text.text);
    return isRefusal(read) ? [] : [...never(route, read), ...absent(route, read, setup)];
  });
}

function never(route: RouteSetup, { source, condition }: Route): readonly Problem[] {
  const { key } = route;
  if (source.reads.kind === 'nothing') {
    const details = { key, why: 'source', text: source.path.slice(0, 200) } as const;
    return [problem('deployment/route-never', details, placeOf(route, source.at))];
  }
  if (condition === undefined || canBeTrue(condition.expression)) return [];
  const details = { key, why: 'condition', text: condition.text.slice(0, 200) } as const;
  return [problem('deployment/route-never', details, placeOf(route, condition.at))];
}

/**
 * Only where all modules are known. edgeHub compares the source in any letters; a module's own name it takes as it is. Messages of
 * edgeAgent and edgeHub cannot be named, since their names begin with `$`.
 */
function absent(
  route: RouteSetup,
  { source, sink }: Route,
  { modules, complete, template }: Setup,
): readonly Problem[] {
  if (!complete || (template && modules.some(({ name }) => hasPlaceholder(name)))) return [];
  const known = modules.filter(({ system }) => !system).map(({ name }) => name);
  const { key } = route;
  const problems: Problem[] = [];
  const { reads } = source;
  if (reads.kind === 'module' && !known.some((name) => equalIgnoringCase(name, reads.module))) {
    const details = { key, module: reads.module, role: 'from', known: known.slice(0, 20) } as const;
    problems.push(problem('deployment/route-module', details, placeOf(route, source.at)));
  }
  if (sink.kind === 'module' && !known.includes(sink.module) && !sink.module.startsWith('$')) {
    const details = { key, module: sink.module, role: 'to', known: known.slice(0, 20) } as const;
    problems.push(problem('deployment/route-module', details, placeOf(route, sink.at)));
  }
  return problems;
}

function placeOf({ text }: RouteSetup, { offset }: Span): number {
  return insideOf(text).inFile(offset);
}
