/** The messages between the queue and the database thread. */
export type ToThread =
  | { readonly type: 'query'; readonly id: number; readonly sql: string; readonly params: readonly unknown[] }
  | { readonly type: 'close'; readonly id: number };

export type FromThread =
  | { readonly type: 'ready' }
  | { readonly type: 'result'; readonly id: number; readonly rows: unknown[]; readonly rowCount: number }
  | { readonly type: 'error'; readonly id: number; readonly error: DatabaseErrorFields }
  | { readonly type: 'notification'; readonly channel: string; readonly payload: string };

/** The fields of a Postgres error that BullMQ reads. */
export interface DatabaseErrorFields {
  readonly message: string;
  readonly code?: string | undefined;
  readonly detail?: string | undefined;
}

export interface ThreadOptions {
  readonly folder: string;
}
