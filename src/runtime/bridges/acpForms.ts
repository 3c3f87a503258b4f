import { arrayField, recordField, stringField } from '../../base/guard';
import type { UserQuestion } from '../../events/toolIntent';

/** One field of a form that is a choice, as a question; `field` is where its answer goes. */
export interface FormQuestion {
  readonly field: string;
  readonly question: UserQuestion;
}

/**
 * The choices of a form (`elicitation/create`, mode `form`) as questions. A free text beside a choice is left out: the
 * user's own words are an answer to the choice. Empty for a form without choices, which is not offered here.
 */
export function formQuestions(params: unknown): readonly FormQuestion[] {
  const properties = recordField(recordField(params, 'requestedSchema'), 'properties') ?? {};
  const message = stringField(params, 'message') ?? '';
  return Object.entries(properties).flatMap(([field, property]): readonly FormQuestion[] => {
    const items = recordField(property, 'items');
    const choices = arrayField(property, 'oneOf') ?? arrayField(items, 'anyOf');
    if (choices === undefined) {
      return [];
    }
    const header = stringField(property, 'title');
    const options = choices.flatMap((choice) => {
      const label = stringField(choice, 'const');
      const description = stringField(choice, 'description');
      return label === undefined
        ? []
        : [{ label, ...(description === undefined ? {} : { description }) }];
    });
    const question: UserQuestion = {
      question: stringField(property, 'description') ?? (message === '' ? field : message),
      ...(header === undefined ? {} : { header }),
      options,
      ...(items === undefined ? {} : { allowsMany: true }),
    };
    return [{ field, question }];
  });
}

/**
 * The form's content from the answers. Words that are none of the choices go into the text field beside the choice,
 * where claude-agent-acp has one.
 */
export function formContent(
  params: unknown,
  questions: readonly FormQuestion[],
  answers: Readonly<Record<string, string>>,
): Readonly<Record<string, unknown>> {
  const properties = recordField(recordField(params, 'requestedSchema'), 'properties') ?? {};
  const names = Object.keys(properties);
  const content: [string, unknown][] = [];
  for (const { field, question } of questions) {
    const answer = Object.hasOwn(answers, question.question)
      ? answers[question.question]
      : undefined;
    if (answer === undefined) {
      continue;
    }
    const labels = question.options.map(({ label }) => label);
    const chosen = question.allowsMany === true ? splitChoices(answer, labels) : undefined;
    if (chosen !== undefined) {
      content.push([field, chosen]);
    } else if (labels.includes(answer)) {
      content.push([field, question.allowsMany === true ? [answer] : answer]);
    } else {
      const beside = names.find(
        (name) =>
          name !== field &&
          name.startsWith(field) &&
          stringField(properties[name], 'type') === 'string',
      );
      content.push([beside ?? field, answer]);
    }
  }
  return Object.fromEntries(content);
}

function splitChoices(answer: string, labels: readonly string[]): readonly string[] | undefined {
  const parts = answer.split(', ');
  return parts.every((part) => labels.includes(part)) ? parts : undefined;
}
