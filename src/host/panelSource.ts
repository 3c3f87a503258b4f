import type { Event } from '../base/emitter';
import type { SessionDelta } from '../events/sessionItem';
import type {
  ChangeView,
  CommandHandlers,
  Commands,
  DraftPicture,
  EditView,
  PanelSnapshot,
  PromptView,
  RequestHandlers,
  SetupView,
  StatusView,
} from '../protocol/methods';

/** What the panel shows, but for what the view itself keeps: version, sequence number and draft. */
export type PanelContent = Omit<PanelSnapshot, 'version' | 'seq' | 'draft'>;

/** The commands that are the application's; being ready, resync and the draft are the view's own. */
export type PanelCommandHandlers = Omit<
  CommandHandlers,
  'view/ready' | 'view/resync' | 'view/draft' | 'view/draftPictures'
>;

export interface PanelChange {
  readonly deltas: readonly SessionDelta[];
  readonly status?: StatusView;
}

/** What the chat view needs of the application. It owns the state; the view only shows it. */
export interface PanelSource {
  /** The end of the conversation; from a little above `anchorId` on, where that is not too far above the end. */
  content(anchorId?: string): PanelContent;
  /** Changes of the conversation that is shown; merged per frame. */
  readonly onDidChangeSession: Event<PanelChange>;
  /** Another conversation is shown now: the view gets all of it. */
  readonly onDidReplaceSession: Event<void>;
  readonly onDidChangePrompts: Event<readonly PromptView[]>;
  readonly onDidChangeEdits: Event<readonly EditView[]>;
  readonly onDidChangeChanges: Event<readonly ChangeView[]>;
  readonly onDidChangeSetup: Event<SetupView>;
  readonly requests: RequestHandlers;
  readonly commands: PanelCommandHandlers;
}

/** Where the composer's pictures outlive the view. */
export interface DraftPictureStore {
  /** Never rejects. */
  list(): Promise<readonly DraftPicture[]>;
  change(change: Commands['view/draftPictures']): void;
}

/** Where the composer's text outlives the view. */
export interface DraftStore {
  read(): string;
  write(text: string): void;
}
