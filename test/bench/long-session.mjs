// A session of `count` messages as the panel is given it, always the same.

/** @returns {object[]} `SessionItem`s: prompts, thinking, answers in Markdown, tool cards */
export function longSession(count) {
  return Array.from({ length: count }, (_, index) => item(index));
}

function item(index) {
  const id = `item-${index}`;
  switch (index % 5) {
    case 0:
      return {
        kind: 'user',
        id,
        text: `Question ${index}: rename \`parse${index}\` and fix its callers.`,
      };
    case 1:
      return { kind: 'thinking', id, text: words(index, 60), isOpen: false, durationMs: 1200 };
    case 3:
      return {
        kind: 'tool',
        id,
        toolName: 'read_file',
        action: 'read',
        object: `src/file${index}.ts`,
        path: `/workspace/src/file${index}.ts`,
        input: JSON.stringify({ path: `src/file${index}.ts` }, null, 2),
        output: words(index, 40),
        outputBytes: 240,
        summary: '240 B',
        state: 'ok',
        executedBy: 'host',
        why: 'reads inside the workspace run',
      };
    default:
      return { kind: 'text', id, text: answer(index), isOpen: false };
  }
}

const answer = (index) => `## Step ${index}

${words(index, 50)} with **emphasis**, \`code\` and a [link](https://example.com/${index}).

- first: ${words(index + 1, 8)}
- second: ${words(index + 2, 8)}

\`\`\`ts
export function parse${index}(text: string): readonly string[] {
  return text.split('\\n').filter((line) => line.length > ${index % 7});
}
\`\`\`

${words(index + 3, 30)}
`;

const vocabulary =
  'the cord joins two jacks and a signal goes from one room to another without a wall'.split(' ');
const words = (seed, count) =>
  Array.from(
    { length: count },
    (_, i) => vocabulary[(seed * 7 + i * 5 + ((i * seed) % 3)) % vocabulary.length],
  ).join(' ');
