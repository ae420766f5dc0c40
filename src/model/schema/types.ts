/**
 * The shape of API types, as far as decoding, merging and field ownership need it.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy
 */

export type Scalar =
  | 'string'
  | 'boolean'
  | 'int32'
  | 'int64'
  | 'number'
  | 'bytes'
  | 'time'
  | 'microTime'
  | 'quantity'
  | 'intOrString';

/** A struct: what has a fixed set of named fields. */
export interface TypeSchema {
  /** `io.k8s.api.core.v1.Container`; of a custom resource, the path inside its schema. */
  readonly name: string;
  readonly fields: ReadonlyMap<string, FieldSchema>;
  /** Fields that a client must send. */
  readonly required: readonly string[];
  /** Whether fields that are not listed are kept (`x-kubernetes-preserve-unknown-fields`). */
  readonly open: boolean;
  /** Owned and replaced as one value, whatever field refers to it (a LabelSelector). */
  readonly atomic: boolean;
}

export type ValueSchema =
  | { readonly kind: 'scalar'; readonly scalar: Scalar; readonly enum?: readonly string[] }
  | { readonly kind: 'struct'; readonly type: TypeSchema; readonly atomic: boolean }
  | { readonly kind: 'map'; readonly values: ValueSchema; readonly atomic: boolean }
  | ListSchema
  /** Any JSON: RawExtension, FieldsV1, JSON schemas, custom resources without a schema. */
  | { readonly kind: 'any' };

export interface ListSchema {
  readonly kind: 'list';
  readonly items: ValueSchema;
  /** Of server-side apply: replaced as a whole, merged as a set of scalars, or merged by `keys`. */
  readonly listType: 'atomic' | 'set' | 'map';
  readonly keys: readonly string[];
}

/**
 * When a field that holds nothing is written out.
 * - `unlessAbsent`: a pointer; `false`, `0` and `""` are values.
 * - `unlessEmpty`: `false`, `0`, `""`, `[]` and an empty map are left out (a struct never is).
 * - `unlessZero`: a struct, too, is left out when it is empty.
 * - `always`: absent is written as the zero value.
 */
export type Presence = 'unlessAbsent' | 'unlessEmpty' | 'unlessZero' | 'always';

export interface FieldSchema {
  readonly name: string;
  readonly value: ValueSchema;
  readonly presence: Presence;
  /** What the schema says is meant when the field is absent. */
  readonly default?: unknown;
  /** Of strategic merge patch: `merge`, `retainKeys`, `merge,retainKeys`. */
  readonly patchStrategies: readonly string[];
  readonly patchMergeKey?: string;
  /** The Go type in decoding errors, where it does not follow from `value`. */
  readonly goType?: string;
  /** The Go structs that this field is embedded by (`ProbeHandler`), which decoding errors name in the path. */
  readonly embeddedIn?: string;
}
