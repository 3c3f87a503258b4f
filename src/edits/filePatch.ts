/** What a patch does to one file. `hunks` as `applyUnifiedHunks` takes them; '' for a file that is only moved. */
export type FilePatch =
  | { readonly kind: 'create'; readonly path: string; readonly content: string }
  | { readonly kind: 'delete'; readonly path: string }
  | {
      readonly kind: 'update';
      readonly path: string;
      readonly hunks: string;
      readonly movedTo?: string;
    };

/** `message` says what to change, for a model. */
export type ParsedPatch =
  | { readonly kind: 'parsed'; readonly files: readonly FilePatch[] }
  | { readonly kind: 'failed'; readonly message: string };

/** Why hunks do not fit, for people and models. */
export type PatchOutcome =
  | { readonly kind: 'patched'; readonly text: string }
  | { readonly kind: 'failed'; readonly message: string };
