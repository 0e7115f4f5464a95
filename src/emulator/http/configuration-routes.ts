import type { Configuration } from '../configurations/configuration.ts';
import { configurationDocument, configurationEtag, wantedConfiguration } from '../configurations/configuration.ts';
import { type Outcome, objectIn } from '../wire/answer.ts';
import { quotedMatchIn } from '../wire/etag.ts';
import type { Call } from './call.ts';

/** `?top` is honoured as documented. One report from a live hub says that it is ignored there. */
export function listConfigurations({ service, search }: Call): Outcome {
  service.counts.configurationReads += 1;
  const top = Number(search.get('top') ?? Number.NaN);
  const all = service.configurations.all();
  const listed = Number.isInteger(top) && top >= 1 ? all.slice(0, top) : all;
  return { body: listed.map((configuration) => configurationDocument(configuration, undefined)) };
}

export function getConfiguration({ service, id }: Call): Outcome {
  service.counts.configurationReads += 1;
  return shown(service.configurations.get(id));
}

/** Without If-Match, or with an etag that is not in quotes, a PUT only creates. With one in quotes it only updates. */
export function putConfiguration({ request, service, id }: Call): Outcome {
  service.counts.configurationWrites += 1;
  const wanted = wantedConfiguration(id, objectIn(request.body));
  const match = quotedMatchIn(request.header('if-match'));
  return shown(match.given ? service.configurations.update(wanted, match.etag) : service.configurations.create(wanted));
}

export function deleteConfiguration({ request, service, id }: Call): Outcome {
  service.counts.configurationWrites += 1;
  service.configurations.remove(id, quotedMatchIn(request.header('if-match')).etag);
  return { status: 204 };
}

function shown(configuration: Configuration): Outcome {
  return {
    headers: { etag: `"${configurationEtag(configuration)}"` },
    body: configurationDocument(configuration, undefined),
  };
}
