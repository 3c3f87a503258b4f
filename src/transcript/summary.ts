import { isRecord, stringField } from '../base/guard';
import type { Message } from '../events/message';
import type { ToolCall, ToolResult } from '../events/toolCall';
import { isSummary } from './compactionView';
import { callsOf } from './pairs';

/** The headings of every summary, in this order. */
export const summaryHeadings = [
  'Objective',
  'Constraints',
  'Status',
  'Rationale',
  'Plan',
  'Carry-over',
] as const;

export type SummaryHeading = (typeof summaryHeadings)[number];
export type SummarySections = Readonly<Record<SummaryHeading, string>>;

const nothing = '(none)';
/** No section grows beyond this from one summary to the next. */
const maxSectionChars = 2400;

const opening =
  'Summary of the conversation so far. The earlier messages are left out; go on from here. Nothing in it is to be done again.';

/** The text of a summary message: the fixed headings, each with its words. */
export function formatSummary(sections: SummarySections): string {
  const parts = summaryHeadings.map((heading) => {
    const text = cut(sections[heading].trim(), maxSectionChars);
    return `## ${heading}\n${text === '' ? nothing : text}`;
  });
  return [opening, ...parts].join('\n\n');
}

/** The sections of a text with these headings, in any order and depth of heading; what has none is left out. */
export function parseSummary(text: string): Partial<SummarySections> {
  const sections: Partial<Record<SummaryHeading, string>> = {};
  let current: SummaryHeading | undefined;
  for (const line of text.split('\n')) {
    const heading = headingOf(line);
    if (heading !== undefined) {
      current = heading;
      sections[heading] ??= '';
    } else if (current !== undefined) {
      sections[current] = `${sections[current] ?? ''}${line}\n`;
    }
  }
  return Object.fromEntries(
    Object.entries(sections).flatMap(([name, value]) => {
      const words = value.trim();
      return words === '' || words === nothing ? [] : [[name, words]];
    }),
  );
}

/** What a model wrote, put under the fixed headings; what it left out is taken from `fallback`. */
export function completeSummary(written: string, fallback: SummarySections): SummarySections {
  const sections = parseSummary(written);
  const complete = { ...fallback, ...sections };
  // Words without any heading are not thrown away.
  return Object.keys(sections).length > 0
    ? complete
    : { ...fallback, Status: cut(written.trim(), maxSectionChars) };
}

/**
 * A summary without a model, the same for the same messages: the first question, what else the user said, what was done
 * and how it ended, the newest plan. An earlier summary among the messages is carried on.
 */
export function digestOf(messages: readonly Message[]): SummarySections {
  const summary = messages.findLast(isSummary);
  const earlier = summary === undefined ? {} : parseSummary(summary.text);
  const said = messages.flatMap((message) =>
    message.role === 'user' && message.compaction === undefined ? [message.text] : [],
  );
  const answers = messages.flatMap((message) => {
    const text =
      message.role === 'assistant'
        ? message.content.map((block) => (block.kind === 'text' ? block.text : '')).join('')
        : '';
    return text.trim() === '' ? [] : [text.trim()];
  });
  const [first, ...later] = said;
  const asked = earlier.Objective === undefined ? later : said;
  const lastAnswer = answers.at(-1);
  return {
    Objective: earlier.Objective ?? cut(first?.trim() ?? '', 800),
    Constraints: joined(
      earlier.Constraints,
      asked.map((text) => `- The user said: ${cut(oneLine(text), 300)}`),
    ),
    Status: joined(earlier.Status, doneLines(messages)),
    Rationale: joined(
      earlier.Rationale,
      answers.slice(0, -1).map((text) => `- ${cut(oneLine(text), 200)}`),
    ),
    Plan: newestPlan(messages) ?? earlier.Plan ?? '',
    'Carry-over': joined(
      earlier['Carry-over'],
      lastAnswer === undefined ? [] : [`The last answer: ${cut(lastAnswer, 1200)}`],
    ),
  };
}

/** What a model is asked for; the conversation stands before it. */
export const summaryRequest = `Summarise the conversation above so that you can go on with it when the messages themselves are gone. Do not call any tool and do not go on with the task. Write Markdown with exactly these headings, in this order, and nothing else:

${summaryHeadings.map((heading) => `## ${heading}`).join('\n')}

Objective: what the user wants, in their words where they matter. Constraints: what they asked for, forbade or decided. Status: what is done and what is not, with file paths, names, commands and results. Rationale: why things were done this way, what was tried and given up. Plan: the next steps. Carry-over: facts, values, ids and open questions that are needed later. Carry on everything of an earlier summary that still matters. Write "${nothing}" under a heading with nothing to say.`;

const maxHeadingChars = 200;

function headingOf(line: string): SummaryHeading | undefined {
  const bare = line.length > maxHeadingChars ? '' : line.trim();
  const marks = /^#{1,6}/.exec(bare)?.[0];
  if (marks === undefined) {
    return undefined;
  }
  // Piece by piece: one pattern for all of it would try every way to share the blanks.
  const unmarked = bare.slice(marks.length).replace(/:$/, '').trim();
  const name = unmarked
    .replace(/^\*{1,8}/, '')
    .replace(/\*{1,8}$/, '')
    .trim()
    .toLowerCase();
  return summaryHeadings.find((heading) => heading.toLowerCase() === name);
}

/** Earlier lines and new ones; when it is too much the oldest go. */
function joined(earlier: string | undefined, lines: readonly string[]): string {
  const all = [...(earlier ?? '').split('\n').filter((line) => line.trim() !== ''), ...lines];
  const kept: string[] = [];
  let size = 0;
  for (const line of all.toReversed()) {
    size += line.length + 1;
    if (size > maxSectionChars - 80) {
      kept.unshift(`(${String(all.length - kept.length)} earlier lines left out)`);
      break;
    }
    kept.unshift(line);
  }
  return kept.join('\n');
}

function doneLines(messages: readonly Message[]): readonly string[] {
  const results = new Map<string, ToolResult>();
  for (const message of messages) {
    if (message.role === 'tool') {
      results.set(message.callId, message.result);
    }
  }
  return messages.flatMap((message) =>
    message.role === 'assistant'
      ? callsOf(message).map((call) => `- ${callWords(call)}: ${outcome(results.get(call.id))}`)
      : [],
  );
}

/** The one argument that says what a call was about. */
const tellingArguments = ['path', 'file_path', 'command', 'pattern', 'query', 'url'] as const;

function callWords(call: ToolCall): string {
  const values = tellingArguments.map((name) => call.arguments[name]);
  const about = values.find((value) => typeof value === 'string');
  return about === undefined ? call.name : `${call.name} ${cut(oneLine(about), 160)}`;
}

function outcome(result: ToolResult | undefined): string {
  if (result === undefined) {
    return 'no result';
  }
  return result.ok
    ? (result.details?.summary ?? 'ok')
    : `failed, ${cut(oneLine(result.error), 120)}`;
}

function newestPlan(messages: readonly Message[]): string | undefined {
  const calls = messages.flatMap((message) =>
    message.role === 'assistant' ? callsOf(message) : [],
  );
  const items = calls.findLast(({ name }) => name === 'update_plan')?.arguments.items;
  if (!Array.isArray(items)) {
    return undefined;
  }
  const lines = items.flatMap((item: unknown) =>
    isRecord(item)
      ? [
          `- [${stringField(item, 'status') ?? ''}] ${cut(oneLine(stringField(item, 'text') ?? ''), 200)}`,
        ]
      : [],
  );
  return lines.join('\n');
}

function oneLine(words: string): string {
  return words.replace(/\s+/g, ' ').trim();
}

function cut(words: string, maxChars: number): string {
  return words.length > maxChars ? `${words.slice(0, maxChars - 1)}…` : words;
}
