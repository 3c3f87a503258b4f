import type { JSX } from 'preact';
import type { UserQuestion } from '../../src/events/toolIntent';
import type { PermissionAnswerParams } from '../../src/protocol/methods';
import { Button, Checkbox, RadioGroup, TextField, Visible } from '../controls';
import { usePanel, useWords } from '../panel';
import { answerOf, isAnswered, toggled } from '../questionAnswers';

export interface QuestionFormProps {
  readonly id: string;
  readonly questions: readonly UserQuestion[];
  readonly onAnswer: (answer: PermissionAnswerParams) => void;
}

/** The agent's questions with their options, and room for own words. */
export function QuestionForm({ id, questions, onAnswer }: QuestionFormProps): JSX.Element {
  const { memory } = usePanel();
  const [, setEdited] = useWords(`answer:${id}:edited`);
  const given = (index: number): { readonly chosen: string; readonly words: string } => ({
    chosen: memory.texts.get(`answer:${id}:${index}:chosen`) ?? '',
    words: memory.texts.get(`answer:${id}:${index}:words`) ?? '',
  });
  const change = (index: number, field: 'chosen' | 'words', value: string): void => {
    memory.texts.set(`answer:${id}:${index}:${field}`, value);
    setEdited(`${index}${field}${value}`);
  };
  const isComplete = questions.every((_, index) => isAnswered(given(index)));
  const send = (): void => {
    if (isComplete) {
      const answers = Object.fromEntries(
        questions.map(({ question }, index) => [question, answerOf(given(index))]),
      );
      onAnswer({ kind: 'answers', answers });
    }
  };
  return (
    <>
      {questions.map((question, index) => (
        <Question
          key={question.question}
          question={question}
          chosen={given(index).chosen}
          words={given(index).words}
          onChosen={(value) => change(index, 'chosen', value)}
          onWords={(value) => change(index, 'words', value)}
          onEnter={send}
        />
      ))}
      <div class="actions">
        <Button isPrimary isDisabled={!isComplete} onClick={send} testId="answer">
          Answer
        </Button>
        <Button onClick={() => onAnswer({ kind: 'deny' })} testId="deny">
          Skip
        </Button>
      </div>
    </>
  );
}

interface QuestionProps {
  readonly question: UserQuestion;
  readonly chosen: string;
  readonly words: string;
  readonly onChosen: (value: string) => void;
  readonly onWords: (value: string) => void;
  readonly onEnter: () => void;
}

function Question(props: QuestionProps): JSX.Element {
  const { question, chosen } = props;
  const options = question.options.map(({ label, description }) => ({
    value: label,
    content: (
      <>
        <Visible text={label} isOneLine />
        {description !== undefined && (
          <>
            {/* The toolkit names the option by its whole text. */}
            <span class="only-spoken">, </span>
            <span class="option-note">
              <Visible text={description} isOneLine />
            </span>
          </>
        )}
      </>
    ),
  }));
  return (
    <fieldset class="question">
      <legend>
        <Visible text={question.question} />
      </legend>
      {question.allowsMany === true
        ? options.map(({ value, content }) => (
            <Checkbox
              key={value}
              isChecked={chosen.split('\n').includes(value)}
              onChange={(isChecked) => props.onChosen(toggled(chosen, value, isChecked))}
            >
              {content}
            </Checkbox>
          ))
        : options.length > 0 && (
            <RadioGroup
              label={question.question}
              value={chosen}
              onChange={props.onChosen}
              options={options}
            />
          )}
      <TextField
        label={`Own words for: ${question.question}`}
        placeholder={options.length > 0 ? 'Or in your own words' : 'Your answer'}
        value={props.words}
        onInput={props.onWords}
        onEnter={props.onEnter}
      />
    </fieldset>
  );
}
