import type { UserQuestion } from '../events/toolIntent';

/** The questions as the panel may have them: without secrets, and each still told from the others. */
export function shownQuestions(
  questions: readonly UserQuestion[],
  redact: (text: string) => string,
): readonly UserQuestion[] {
  const names = new Set<string>();
  return questions.map((question) => {
    const shown = {
      ...question,
      question: redact(question.question),
      ...(question.header === undefined ? {} : { header: redact(question.header) }),
      options: question.options.map(({ label, description }) => ({
        label: redact(label),
        ...(description === undefined ? {} : { description: redact(description) }),
      })),
    };
    while (names.has(shown.question)) {
      shown.question += ' ';
    }
    names.add(shown.question);
    return shown;
  });
}

/** Answers to shown questions as answers to the real ones: the agent knows its questions by their own words. */
export function realAnswers(
  questions: readonly UserQuestion[],
  redact: (text: string) => string,
  answers: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const real = new Map(
    shownQuestions(questions, redact).map((shown, index) => [shown.question, questions[index]]),
  );
  return Object.fromEntries(
    Object.entries(answers).map(([name, answer]) => {
      const question = real.get(name);
      const label = question?.options.find((option) => redact(option.label) === answer)?.label;
      return [question?.question ?? name, label ?? answer];
    }),
  );
}
