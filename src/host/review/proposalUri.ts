import * as vscode from 'vscode';
import type { PendingEdit } from '../../session/contract';
import { proposalScheme } from '../frontDoor';
import { toWorkspaceUri } from '../workspaceUri';

/** `proposal`: the text as it would be. `empty`: the other side of a file that does not exist yet. */
export type ProposalSide = 'proposal' | 'empty';

export interface ProposalRef {
  readonly sessionId: string;
  readonly editId: string;
  readonly side: ProposalSide;
}

/** The path is the file's own: the editor would call the file renamed otherwise, and it gives the language. */
export function toProposalUri(
  edit: Pick<PendingEdit, 'id' | 'sessionId' | 'path'>,
  side: ProposalSide = 'proposal',
): vscode.Uri {
  const query = new URLSearchParams({ session: edit.sessionId, edit: edit.id, side });
  return vscode.Uri.from({
    scheme: proposalScheme,
    path: toWorkspaceUri(edit.path).path,
    query: query.toString(),
  });
}

export function fromProposalUri(uri: vscode.Uri): ProposalRef | undefined {
  if (uri.scheme !== proposalScheme) {
    return undefined;
  }
  const query = new URLSearchParams(uri.query);
  const sessionId = query.get('session');
  const editId = query.get('edit');
  if (sessionId === null || editId === null) {
    return undefined;
  }
  return { sessionId, editId, side: query.get('side') === 'empty' ? 'empty' : 'proposal' };
}
