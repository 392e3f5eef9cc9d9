/** Sentences about relays that every platform uses. Pure. */
import type { Judgement } from '../../story/relay/lines.ts';
import { creditsOf, RELAY_BOUNDS, type Relay } from '../../story/relay/relay.ts';
import type { ModelChoice } from '../../story/story.ts';
import { samplingName } from '../../story/wording.ts';

export const IS_OVER = 'This relay is over.';
export const NOT_KEPT = 'This relay is no longer kept.';
export const OFF_SHELF =
  'This story is not in /scifi-shelf any more. I no longer keep which messages show it, so a moderator has to delete them.';
export const ITS_OWN = 'The last line is mine: add one of yours first.';
export const OTHER_VERSION = 'This button is from another version. Start a relay with /scifi-relay.';
export const TOO_LONG = `A line of a relay has at most ${RELAY_BOUNDS.line.max} characters, so this one is not in the story.`;

/** The labels of a relay's buttons. */
export const RELAY_LABELS = { ask: 'Your turn, computer', end: 'The end', delete: 'Delete' } as const;
export type RelayControl = keyof typeof RELAY_LABELS;

/** Signs under a message that is no line. */
export const SIGNS = { wait: '⏳', declined: '🤐' } as const;

/** Between two lines of one user, where the channel has no pause of its own. */
export const COOLDOWN_MS = 3_000;
/** What separates users' remarks from their lines. */
const REMARK = /^\s*\/\//;
/** Room for the names in the credits. */
const NAMES_MAX = 240;
const NAME_MAX = 32;

/** The sentence for a user who may not use a control. */
export function notHost(control: 'end' | 'delete'): string {
  return `Only the user who started this relay, or a moderator, can ${control} it.`;
}

/** Whether a message is a remark that does not belong to the story. */
export function isRemark(text: string): boolean {
  return REMARK.test(text);
}

/** How a relay works, under its opening. */
export function rulesOf({ every, turns }: Pick<Relay, 'every' | 'turns'>): string {
  const answers =
    every === 0
      ? `I add one when you press “${RELAY_LABELS.ask}”`
      : every === 1
        ? 'I add the next sentence after each'
        : `I add one after every ${every}`;
  const who = {
    free: 'Anyone may write at any time',
    'round robin': 'Write one after another, in the order in which you joined',
    'everyone once': 'Everyone has one line',
  }[turns];
  return `Post lines of the story in the thread; ${answers}. ${who}. Edit or delete your lines there. A message that begins with // is not a line.`;
}

/** The sentence for a user whose message is out of turn. */
export function outOfTurn(relay: Pick<Relay, 'turns'>, judgement: Judgement): string {
  if (relay.turns === 'everyone once')
    return 'Everyone has one line in this relay, so this one is not in the story.';
  const name = judgement.is === 'out of turn' ? judgement.next?.name : undefined;
  const whose = name === undefined ? 'It is the turn of another user' : `It is ${nameOf(name)}’s turn`;
  return `${whose}, so this line is not in the story. After five minutes without a line, anyone may go on.`;
}

/** `12 lines`. */
export function linesName(count: number): string {
  return count === 1 ? '1 line' : `${count.toLocaleString('en')} lines`;
}

/** Who wrote how many lines: `ann (4 lines), bob (1 line), the computer (5 lines)`. */
export function creditsLine(relay: Relay): string {
  const { people, network } = creditsOf(relay);
  const named: string[] = [];
  let room = NAMES_MAX;
  for (const { name, lines } of people) {
    const credit = `${name === undefined ? 'a user' : nameOf(name)} (${linesName(lines)})`;
    if (room < credit.length) break;
    room -= credit.length;
    named.push(credit);
  }
  const more = people.length - named.length;
  if (more > 0) named.push(more === 1 ? '1 more user' : `${more} more users`);
  if (network > 0) named.push(`the computer (${linesName(network)})`);
  return named.join(', ');
}

/** The line under a finished story. */
export function endLine(relay: Relay, models: readonly ModelChoice[]): string {
  const { request } = relay;
  const title = models.find(({ name }) => name === request.model)?.title ?? request.model;
  return `By ${creditsLine(relay)} · ${title} · ${samplingName(request)} · seed ${request.seed}`;
}

/** The opening of a relay; undefined where it has none. */
export function openingOf({ lines: [first] }: Relay): string | undefined {
  return first?.by !== undefined && first.message === undefined ? first.text : undefined;
}

/**
 * The line above the thread of a relay that is over.
 *
 * @param isTold whether the story is posted in the thread
 */
export function overLine({ lines, ending }: Relay, isTold: boolean): string {
  if (lines.length === 0) return 'This relay ended before the first line.';
  const why = {
    ended: 'This relay is over',
    silent: 'This relay ended after a day without a line',
    full: `This relay ended with its ${linesName(RELAY_BOUNDS.lines.max)}`,
    old: 'This relay ended after two weeks',
    failed: 'This relay ended early',
  }[ending ?? 'ended'];
  const where = isTold
    ? 'The whole story is at the end of the thread.'
    : 'I may not write in its thread, so the whole story is not posted.';
  return `${why}: ${linesName(lines.length)}. ${where}`;
}

function nameOf(name: string): string {
  const [whole, ...characters] = [name.trim(), ...name.trim()];
  return characters.length <= NAME_MAX ? whole! : `${characters.slice(0, NAME_MAX).join('')}…`;
}
