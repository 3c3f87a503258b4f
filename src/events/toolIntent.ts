import type { JsonObject } from '../base/json';

/**
 * What a call would do, in the same words for every runtime: our own tools say it themselves, a bridge translates its
 * dialect's tool into it. The gate resolves an intent into an effect (real path, class) and decides. A tool that
 * nobody can translate is `unknown`, which always asks.
 */
export type ToolIntent =
  | { readonly kind: 'read'; readonly path: string }
  | { readonly kind: 'write'; readonly path: string; readonly change: FileChange }
  | { readonly kind: 'command'; readonly command: string; readonly cwd?: string }
  | { readonly kind: 'network'; readonly url: string }
  | {
      readonly kind: 'mcp';
      readonly server: string;
      readonly tool: string;
      readonly input: JsonObject;
    }
  /** Touches nothing outside the conversation: a plan update, a to-do list. */
  | { readonly kind: 'none' }
  /** A question of the agent to the user; the answer is the user's words. */
  | { readonly kind: 'question'; readonly questions: readonly UserQuestion[] }
  | { readonly kind: 'unknown'; readonly description: string };

/** A change of one file's text. Search texts must be found exactly once unless `replaceAll`. */
export type FileChange =
  /** `isNew`: it fails where the file has text already. */
  | { readonly kind: 'content'; readonly content: string; readonly isNew?: boolean }
  | { readonly kind: 'edits'; readonly edits: readonly SearchReplace[] }
  /**
   * The hunks of a diff of this one file, without its head lines: `@@ -1,2 +1,3 @@` and what follows, or `@@` lines
   * without numbers. `from`: the file is new and begins with the text of that one, which the same call deletes.
   */
  | { readonly kind: 'patch'; readonly hunks: string; readonly from?: string }
  | { readonly kind: 'delete' };

export interface SearchReplace {
  readonly search: string;
  readonly replace: string;
  readonly replaceAll?: boolean;
  /** An empty replacement takes the line break right behind the search text away with it, where there is one. */
  readonly dropsLineEnd?: boolean;
}

export interface UserQuestion {
  readonly question: string;
  readonly header?: string;
  readonly options: readonly { readonly label: string; readonly description?: string }[];
  readonly allowsMany?: boolean;
}
