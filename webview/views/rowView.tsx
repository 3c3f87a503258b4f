import type { JSX } from 'preact';
import { assertNever } from '../../src/base/assertNever';
import type { ChangeView, EditView, PromptView } from '../../src/protocol/methods';
import { memo } from '../memo';
import type { Row } from '../rows';
import { ChangeCard } from './changeCard';
import { CompactionRow, TurnUsage } from './contextRows';
import { EditCard } from './editCard';
import { ErrorCard } from './errorCard';
import { MarkdownRow } from './markdownRow';
import { NoticeRow, PlanRow } from './plainRows';
import { PromptCard } from './promptCard';
import { ThinkingRow } from './thinkingRow';
import { ToolCard } from './toolCard';
import { UserRow } from './userRow';

export interface RowViewProps {
  readonly row: Row;
  readonly prompts: readonly PromptView[];
  readonly edits: readonly EditView[];
  readonly changes: readonly ChangeView[];
}

/** One row. A call that waits for the user is drawn as its question or its edit, in the call's place. */
export function RowView({ row, prompts, edits, changes }: RowViewProps): JSX.Element {
  const isCall = row.kind === 'tool';
  return (
    <PlainRow
      row={row}
      prompts={isCall ? prompts.filter((prompt) => prompt.callId === row.id) : none}
      changes={isCall ? changes.filter(({ callId }) => callId === row.id) : none}
      edits={
        isCall ? edits.filter((edit) => edit.callId === row.id || edit.id === row.editId) : none
      }
    />
  );
}

const none: readonly never[] = [];

const PlainRow = memo(function PlainRow({
  row,
  prompts,
  edits,
  changes,
}: RowViewProps): JSX.Element {
  switch (row.kind) {
    case 'user':
      return <UserRow item={row} />;
    case 'text':
      return <MarkdownRow text={row.text} isOpen={row.isOpen} testId="item-text" />;
    case 'thinking':
      return <ThinkingRow item={row} />;
    case 'tool':
      return prompts.length + edits.length + changes.length === 0 ? (
        <ToolCard item={row} />
      ) : (
        <>
          {prompts.length === 0 && edits.length === 0 && <ToolCard item={row} />}
          {prompts.map((prompt) => (
            <PromptCard key={prompt.id} prompt={prompt} />
          ))}
          {edits.map((edit) => (
            <EditCard key={edit.id} edit={edit} call={row} />
          ))}
          {changes.map((change) => (
            <ChangeCard key={change.id} change={change} />
          ))}
        </>
      );
    case 'plan':
      return <PlanRow items={row.items} />;
    case 'notice':
      return <NoticeRow level={row.level} text={row.text} />;
    case 'compaction':
      return <CompactionRow item={row} />;
    case 'usage':
      return <TurnUsage total={row.total} />;
    case 'error':
      return <ErrorCard item={row} />;
    case 'prompt':
      return <PromptCard prompt={row.prompt} />;
    case 'edit':
      return <EditCard edit={row.edit} />;
    case 'change':
      return <ChangeCard change={row.change} />;
    default:
      return assertNever(row);
  }
});
