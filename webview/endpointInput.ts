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

/** A field that cannot be sent as it is, and the sentence that says why. */
export interface MissingInEndpoint {
  readonly field: 'name' | 'url' | 'models';
  readonly sentence: string;
}

/** The first thing that is missing; undefined when all is there. */
export function missingInEndpoint(input: {
  readonly name: string;
  readonly url: string;
  readonly models: string;
}): MissingInEndpoint | undefined {
  if (input.name.trim() === '') {
    return { field: 'name', sentence: 'Give it a name.' };
  }
  if (!/^https?:\/\/\S+$/i.test(input.url.trim())) {
    return { field: 'url', sentence: 'The base URL begins with http:// or https://.' };
  }
  return modelNames(input.models).length === 0
    ? { field: 'models', sentence: 'Name at least one model, or fetch them.' }
    : undefined;
}
