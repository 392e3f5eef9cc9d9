/**
 * Who asked for a story. Ids as the platforms know them: they are counted by, and never written down here.
 */
export interface Requester {
  /** Such as `discord:<user>`, `slack:<workspace>:<user>` or `web:<address>`. */
  readonly person: string;
  /** The server or workspace in which they asked, such as `discord:<server>`; undefined where there is none. */
  readonly community?: string;
}
