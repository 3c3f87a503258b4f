/** Every command of the product; the manifest declares exactly these. */
export const commandIds = [
  'patchbay.openChat',
  'patchbay.newSession',
  'patchbay.openHistory',
  'patchbay.chooseModel',
  'patchbay.renameSession',
  'patchbay.removeSession',
  'patchbay.exportSession',
  'patchbay.forkSession',
  'patchbay.stop',
  'patchbay.addSelection',
  'patchbay.explainSelection',
  'patchbay.fixSelection',
  'patchbay.addEndpoint',
  'patchbay.refresh',
  'patchbay.setKey',
  'patchbay.removeKey',
  'patchbay.manageMcp',
  'patchbay.startPlayground',
  'patchbay.answerPrompt',
  'patchbay.openQuestion',
  'patchbay.allowQuestion',
  'patchbay.allowQuestionForSession',
  'patchbay.denyQuestion',
  'patchbay.denyQuestionWithReason',
  'patchbay.manageRules',
  'patchbay.tryRule',
  'patchbay.openReview',
  'patchbay.reviewAll',
  'patchbay.showEdits',
  'patchbay.showHunk',
  'patchbay.approveHunk',
  'patchbay.denyHunk',
  'patchbay.denyHunkWithReason',
  'patchbay.approveFile',
  'patchbay.denyFile',
  'patchbay.approveAll',
  'patchbay.denyAll',
  'patchbay.nextHunk',
  'patchbay.previousHunk',
  'patchbay.undoDecision',
  'patchbay.threadApprove',
  'patchbay.threadDeny',
  'patchbay.threadCancel',
  'patchbay.treeOpen',
  'patchbay.treeApprove',
  'patchbay.treeDeny',
  'patchbay.treeDenyWithReason',
  'patchbay.treeUndoDecision',
  'patchbay.treeKeep',
  'patchbay.treeUndoChange',
  'patchbay.keepChange',
  'patchbay.undoChange',
  'patchbay.keepFileChanges',
  'patchbay.undoFileChanges',
  'patchbay.keepTurnChanges',
  'patchbay.undoTurnChanges',
  'patchbay.keepOriginChanges',
  'patchbay.undoOriginChanges',
  'patchbay.keepAllChanges',
  'patchbay.undoAllChanges',
  'patchbay.openChanges',
  'patchbay.nextChange',
  'patchbay.previousChange',
  'patchbay.restoreTurn',
  'patchbay.undoRestore',
  'patchbay.showCheckpointUse',
  'patchbay.showAudit',
  'patchbay.filterAudit',
  'patchbay.exportAudit',
  'patchbay.verifyAudit',
  'patchbay.compact',
  'patchbay.showCost',
  'patchbay.showLog',
  'patchbay.doctor',
  'patchbay.openSettings',
] as const;

export type CommandId = (typeof commandIds)[number];

/** The commands that decide on edits; the review handles them. */
export type ReviewCommandId = Extract<
  CommandId,
  | 'patchbay.openReview'
  | 'patchbay.reviewAll'
  | 'patchbay.showEdits'
  | 'patchbay.showHunk'
  | `patchbay.thread${'Approve' | 'Deny' | 'Cancel'}`
  | `patchbay.${'approve' | 'deny'}${'Hunk' | 'File' | 'All'}`
  | 'patchbay.denyHunkWithReason'
  | 'patchbay.nextHunk'
  | 'patchbay.previousHunk'
  | 'patchbay.undoDecision'
>;

/** The commands on rows of the tree "Pending Edits". */
export type TreeCommandId = Extract<CommandId, `patchbay.tree${string}`>;

/** The commands about changes that nobody reviewed, and about checkpoints. */
export type ChangeCommandId = Extract<
  CommandId,
  | `patchbay.${'keep' | 'undo'}${'Change' | `${'File' | 'Turn' | 'Origin' | 'All'}Changes`}`
  | `patchbay.${'open' | 'next' | 'previous'}${'Change' | 'Changes'}`
  | 'patchbay.restoreTurn'
  | 'patchbay.undoRestore'
  | 'patchbay.showCheckpointUse'
>;
