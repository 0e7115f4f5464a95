/** Names the first three devices: `"edge-001", "edge-002", "edge-003", …`. */
export function deviceList(ids: readonly string[]): string {
  const shown = ids.slice(0, 3).map((id) => `"${id}"`);
  return [...shown, ...(ids.length > shown.length ? ['…'] : [])].join(', ');
}

/** Returns `device "edge-001"` or `2 devices ("edge-001", "edge-002")`. */
export function deviceCount(ids: readonly string[]): string {
  return ids.length === 1 ? `device ${deviceList(ids)}` : `${ids.length} devices (${deviceList(ids)})`;
}
