/** One model per line or comma; blanks and repetitions are dropped. */
export function modelNames(text: string): readonly string[] {
  return [
    ...new Set(
      text
        .split(/[\n,]/)
        .map((name) => name.trim())
        .filter((name) => name !== ''),
    ),
  ];
}

/** The sentence that says what is missing; undefined when all is there. */
export function missingInEndpoint(input: {
  readonly name: string;
  readonly url: string;
  readonly models: string;
}): string | undefined {
  if (input.name.trim() === '') {
    return 'Give it a name.';
  }
  if (!/^https?:\/\/\S+$/i.test(input.url.trim())) {
    return 'The base URL begins with http:// or https://.';
  }
  return modelNames(input.models).length === 0
    ? 'Name at least one model, or fetch them.'
    : undefined;
}
