/** Plain JSON values: what crosses a border. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined };

export interface JsonObject {
  readonly [key: string]: JsonValue | undefined;
}
