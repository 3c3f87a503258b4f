import { isString, stringField } from '../base/guard';

/** Text of a content field, in the dialects that follow the Messages API: a string, or blocks; what is not text is named. */
export function contentText(content: unknown): string {
  if (isString(content)) {
    return content;
  }
  const blocks: readonly unknown[] = Array.isArray(content) ? content : [];
  return blocks
    .map((block) => stringField(block, 'text') ?? `[${stringField(block, 'type') ?? 'something'}]`)
    .join('\n');
}
