/** The form of a path such as `/devices/{id}/modules/?`: a name in braces stands for one segment. */
export function pathForm(path: string): RegExp {
  const literal = path.replace(/[$.]/g, '\\$&');
  return new RegExp(`^${literal.replace(/\{\w+\}/g, '([^/]+)')}$`);
}
