/**
 * Whether edgeHub takes this as the path of a body query, such as `a.b[0]`: Routing.Core/query/jsonpath/JsonPath.g4 in Azure/iotedge.
 * The grammar does not ask for the end of the text: what comes after a part that is complete is not looked at, unless it is a `.`,
 * or a `[` after a name. Such a path is taken and finds nothing.
 */
export function isBodyPath(path: string): boolean {
  let at = 0;
  for (;;) {
    const part = partAt(path, at);
    if (part === undefined) return false;
    at += part;
    if (path[at] !== '.') return true;
    at += 1;
  }
}

const partPattern = /([^()<>@,;:\\"/[\]?={}.\t\n\r]+)(\[[^[\]]*\]?)?/y;

/** The length of a name, with an index if it has one. Digits alone are a number to the lexer, not a name. */
function partAt(path: string, at: number): number | undefined {
  partPattern.lastIndex = at;
  const match = partPattern.exec(path);
  const name = match?.[1];
  if (match === null || name === undefined || /^[0-9]+$/.test(name)) return undefined;
  return match[2] === undefined || /^\[[0-9]+\]$/.test(match[2]) ? match[0].length : undefined;
}
