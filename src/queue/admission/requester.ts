/**
 * The user for whom a story is requested. The ids are the platforms' own: they are used for counting, and
 * never stored here.
 */
export interface Requester {
  /** Such as `discord:<user>`, `slack:<workspace>:<user>` or `web:<address>`. */
  readonly person: string;
  /** The server or workspace of the request, such as `discord:<server>`; undefined where there is none. */
  readonly community?: string;
}
