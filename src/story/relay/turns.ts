/** Whose turn it is in a relay. Pure. */
import type { Author, Relay } from './relay.ts';

/** In `round robin`, another user may take the turn of one who has not written for this long. */
export const TURN_MS = 5 * 60_000;

/** Whether a user may add a line that is posted at a time. */
export function mayWrite(relay: Relay, key: string, at: number): boolean {
  if (relay.turns === 'free') return true;
  if (relay.turns === 'everyone once') return !relay.lines.some(({ by }) => by === key);
  const next = nextAuthor(relay);
  const isNew = !relay.people.some((one) => one.key === key);
  return !next || next.key === key || isNew || at - relay.lastAt >= TURN_MS;
}

/** The user whose turn it is in `round robin`; undefined where any user may write. */
export function nextAuthor({ turns, lines, people }: Relay): Author | undefined {
  if (turns !== 'round robin') return undefined;
  const last = lines.findLast(({ by }) => by !== undefined)?.by;
  const index = people.findIndex(({ key }) => key === last);
  return index < 0 ? undefined : people[(index + 1) % people.length];
}

/** The users of a relay after a user has joined it. */
export function joined(relay: Relay, author: Author): readonly Author[] {
  const { people } = relay;
  const known = people.findIndex(({ key }) => key === author.key);
  if (known >= 0) return author.name === undefined ? people : people.with(known, author);
  const next = nextAuthor(relay);
  const index = next ? people.findIndex(({ key }) => key === next.key) : people.length;
  // After the last one of the circle comes its first: the end is before the first, too.
  return people.toSpliced(index === 0 ? people.length : index, 0, author);
}
