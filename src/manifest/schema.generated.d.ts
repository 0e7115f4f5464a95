/** An error of the compiled validator; `parentSchema` is the part of the schema that the value had to obey. */
export interface SchemaError {
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly parentSchema: Readonly<Record<string, unknown>>;
}

/** Validates a manifest as plain JSON; what is wrong stands in its `errors` until the next call. */
declare const validate: ((manifest: unknown) => boolean) & { readonly errors?: readonly SchemaError[] | null };
export default validate;

/** Dotted names of a device's single values, for tables; `*` at the end stands for any name. */
/** The columns that a table may have, and what their cells may be beside text. */
export declare const columns: readonly { readonly name: string; readonly types: readonly string[] }[];
