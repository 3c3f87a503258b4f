/** Takes keys out of text that a server or an error wrote: the known one by exact match, others by their usual forms. */
export function redactKeys(text: string, knownKey?: string): string {
  const withoutKnown =
    knownKey === undefined || knownKey.length < 4 ? text : text.split(knownKey).join('[key]');
  return withoutKnown
    .replace(/\b(Bearer\s+)[^\s"',;]{6,}/gi, '$1[key]')
    .replace(/\b(?:sk|pk|rk|key)-[A-Za-z0-9*._-]{6,}/g, '[key]');
}
