import { numberField, stringField } from '../../base/guard';
import { toolError, toolOk } from '../../events/toolCall';
import type { Tool } from '../contract';
import { maxResultLines, readableLines, takeLines, type OutputStore } from '../outputStore';
import { integer, nonEmptyText, objectSchema } from './toolParts';

export function createReadOutput(outputs: OutputStore): Tool {
  return {
    name: 'read_output',
    description:
      'Reads the part of an earlier tool result that was left out because it was too long. The id is in that result.',
    inputSchema: objectSchema(
      {
        id: nonEmptyText('The id that the shortened result names.'),
        startLine: integer('First line to read, counted from 1. Default 1.', 1),
        lineCount: integer('How many lines to read at most. Default 1000.', 1, maxResultLines),
      },
      ['id'],
    ),
    kind: 'read',
    intents: () => [{ kind: 'none' }],
    run: async (args, context) => {
      const text = await outputs.find(context.sessionId, stringField(args, 'id') ?? '');
      if (text === undefined) {
        return toolError('There is no output with this id any more. Run the tool again.');
      }
      const lines = readableLines(text);
      const startLine = numberField(args, 'startLine') ?? 1;
      if (startLine > lines.length) {
        return toolError(`The output has ${lines.length} lines; there is no line ${startLine}.`);
      }
      const part = takeLines(
        lines.slice(startLine - 1),
        numberField(args, 'lineCount') ?? 1000,
        maxPartChars,
      );
      const lastLine = startLine - 1 + part.length;
      const rest = lastLine < lines.length ? ` Go on with startLine ${lastLine + 1}.` : '';
      return toolOk(
        `${part.join('\n')}\n[Lines ${startLine} to ${lastLine} of ${lines.length}.${rest}]`,
        {
          summary: `lines ${startLine}–${lastLine}`,
        },
      );
    },
  };
}

const maxPartChars = 90_000;
