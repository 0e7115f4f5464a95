/** Returns `device "edge-001"`, or `4 devices ("edge-001", "edge-002", "edge-003", …)`. */
export function deviceCount(ids: readonly string[]): string {
  const shown = ids.slice(0, 3).map((id) => `"${id}"`);
  const list = [...shown, ...(ids.length > shown.length ? ['…'] : [])].join(', ');
  return ids.length === 1 ? `device ${list}` : `${ids.length} devices (${list})`;
}
