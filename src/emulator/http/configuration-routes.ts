import { applyContentTo } from '../configurations/apply-content.ts';
import { type Configuration, configurationEtag } from '../configurations/configuration.ts';
import { configurationDocument } from '../configurations/document.ts';
import { queryErrors } from '../configurations/metric-queries.ts';
import { conditionError } from '../configurations/target-condition.ts';
import { textsIn, wantedConfiguration } from '../configurations/wanted-configuration.ts';
import { wantedText } from '../devices/identity.ts';
import { type Outcome, objectIn } from '../wire/answer.ts';
import { quotedMatchIn } from '../wire/etag.ts';
import { property } from '../wire/json.ts';
import type { Call, Service } from './call.ts';

/** `?top` is honoured as documented. One report from a live hub says that it is ignored there. */
export function listConfigurations({ service, search }: Call): Outcome {
  service.counts.configurationReads += 1;
  const top = Number(search.get('top') ?? Number.NaN);
  const all = service.configurations.all();
  const listed = Number.isInteger(top) && top >= 1 ? all.slice(0, top) : all;
  return {
    body: listed.map((configuration) =>
      configurationDocument(configuration, service.evaluation.results(configuration)),
    ),
  };
}

export function getConfiguration({ service, id }: Call): Outcome {
  service.counts.configurationReads += 1;
  return shown(service, service.configurations.get(id));
}

/** Without If-Match, or with an etag that is not in quotes, a PUT only creates. With one in quotes it only updates. */
export function putConfiguration({ request, service, id }: Call): Outcome {
  service.counts.configurationWrites += 1;
  const wanted = wantedConfiguration(id, objectIn(request.body));
  const match = quotedMatchIn(request.header('if-match'));
  return shown(
    service,
    match.given ? service.configurations.update(wanted, match.etag) : service.configurations.create(wanted),
  );
}

export function deleteConfiguration({ request, service, id }: Call): Outcome {
  service.counts.configurationWrites += 1;
  service.configurations.remove(id, quotedMatchIn(request.header('if-match')).etag);
  return { status: 204 };
}

/** `POST /configurations/testQueries`: what is wrong is in the body; the status is 200 (reported from a live hub). */
export function checkQueries({ request, service }: Call): Outcome {
  service.counts.configurationReads += 1;
  const body = objectIn(request.body);
  const wrong = conditionError(wantedText(body, 'targetCondition', 8192) ?? '');
  const queries = property(body, 'customMetricQueries') ?? {};
  return {
    body: {
      ...(wrong === undefined ? {} : { targetConditionError: wrong }),
      customMetricQueryErrors: queryErrors(textsIn(queries, 'customMetricQueries')),
    },
  };
}

/** `POST /devices/{id}/applyConfigurationContent`: sets the modules of one device, until a deployment replaces them. */
export function applyContent({ request, service, id }: Call): Outcome {
  service.counts.configurationWrites += 1;
  applyContentTo(service.registry, id, objectIn(request.body));
  return { status: 204 };
}

function shown({ evaluation }: Service, configuration: Configuration): Outcome {
  return {
    headers: { etag: `"${configurationEtag(configuration)}"` },
    body: configurationDocument(configuration, evaluation.results(configuration)),
  };
}
