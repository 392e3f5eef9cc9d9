/**
 * The data of a button. A button has to work after a restart of every process and on messages of any age, so
 * all of its data is in its `custom_id`, a hundred characters at most, and in the messages themselves.
 */
import type { Again } from '../../story/story.ts';
import type { StoryReference } from '../read-story.ts';

/** First character of every id; it changes when the meaning of the fields changes. */
const VERSION = '1';
const LETTER: Readonly<Record<Again, string>> = { continue: 'c', another: 'a', warmer: 'w', cooler: 'k' };
const STOP = 's';
/** What remains for a model's name; a longer name is found by its prefix. */
const MODEL_MAX = 26;
const TEMPERATURE_UNIT = 100;

export type Button =
  | { readonly action: 'stop'; readonly replyId: string; readonly userId: string }
  | ({ readonly action: Again } & StoryReference);

export function encodeStop(replyId: string, userId: string): string {
  return [VERSION, STOP, replyId, userId].join(':');
}

export function encodeAgain(action: Again, reference: StoryReference): string {
  return [
    VERSION,
    LETTER[action],
    reference.model.slice(0, MODEL_MAX),
    ...[
      Math.round(reference.temperature * TEMPERATURE_UNIT),
      reference.length,
      reference.seed,
      reference.promptLength,
    ].map((number) => number.toString(36)),
    ...[reference.first, reference.previous, reference.source].map((id) =>
      id ? BigInt(id).toString(36) : '',
    ),
  ].join(':');
}

/** The button behind a `custom_id`; undefined when it is not one of the bot's. */
export function decodeButton(customId: string): Button | undefined {
  const [version, letter, ...fields] = customId.split(':');
  if (version !== VERSION) return undefined;
  if (letter === STOP) {
    const [replyId, userId] = fields;
    return replyId && userId && fields.length === 2 ? { action: 'stop', replyId, userId } : undefined;
  }
  const action = (Object.keys(LETTER) as Again[]).find((name) => LETTER[name] === letter);
  if (!action || fields.length !== 8 || !fields.slice(1).every((field) => /^[0-9a-z]*$/.test(field))) {
    return undefined;
  }
  const [model = '', ...numbers] = fields;
  const [temperature = 0, length = 0, seed = 0, promptLength = 0] = numbers
    .slice(0, 4)
    .map((digits) => Number.parseInt(digits, 36));
  const [first, previous, source] = numbers.slice(4).map((digits) => digits && snowflake(digits));
  return {
    action,
    model,
    temperature: temperature / TEMPERATURE_UNIT,
    length,
    seed,
    promptLength,
    first: first || undefined,
    previous: previous || undefined,
    source: source || undefined,
  };
}

function snowflake(digits: string): string {
  let id = 0n;
  for (const digit of digits) id = id * 36n + BigInt(Number.parseInt(digit, 36));
  return id.toString();
}
