/**
 * The data of buttons. A button has to work after a restart of every process and on messages of any age, so all
 * of its data is in its `custom_id`, a hundred characters at most, and in the messages themselves. Pure.
 */
import { PRESETS, type Preset, presetOf } from '../../story/story.ts';
import type { Own } from '../../story/variations.ts';
import type { StoryButton, StoryReference } from '../read-story.ts';

/** First character of every id; it changes when the meaning of the fields changes. */
const VERSION = '2';
/** Version 0.1 of the bot wrote ids of this version, which have no preset: all its stories are `classic`. */
const VERSION_WITHOUT_PRESET = '1';
const LETTER: Readonly<Record<StoryButton['action'], string>> = {
  continue: 'c',
  line: 'm',
  vote: 'v',
  another: 'a',
  warmer: 'w',
  cooler: 'k',
};
const STOP = 's';
const OWN_LETTER: Readonly<Record<Own, string>> = { edit: 'e', undo: 'u', delete: 'd', share: 'p' };
const CUSTOM_ID_MAX = 100;
const PRESET_LETTER: Readonly<Record<Preset, string>> = { classic: 'k', calm: 'c', lively: 'l', wild: 'w' };
/** What remains for a model's name; a longer name is found by its prefix. */
const MODEL_MAX = 26;
const TEMPERATURE_UNIT = 100;

/** A reply in the buttons of its owner. */
export interface OwnReply {
  readonly replyId: string;
  /** The requester. */
  readonly userId: string;
  /** Its messages before the one with the button, as many as the id holds. */
  readonly before: readonly string[];
}

export type Button =
  | ({ readonly action: Own } & OwnReply)
  | { readonly action: 'stop'; readonly replyId: string; readonly userId: string }
  | StoryButton;

/** A button that only the owner of a reply may use. */
export type OwnButton = Extract<Button, { readonly replyId: string }>;

export function isOwn(button: Button): button is OwnButton {
  return 'replyId' in button;
}

export function encodeStop(replyId: string, userId: string): string {
  return [VERSION, STOP, replyId, userId].join(':');
}

export function encodeAgain(action: StoryButton['action'], reference: StoryReference): string {
  return [
    VERSION,
    LETTER[action],
    reference.model.slice(0, MODEL_MAX),
    PRESET_LETTER[presetOf(reference)],
    ...[
      Math.round(reference.temperature * TEMPERATURE_UNIT),
      reference.length,
      reference.seed,
      reference.promptLength,
    ].map((number) => number.toString(36)),
    ...[reference.first, reference.previous, reference.source].map((id) => (id ? digitsOf(id) : '')),
  ].join(':');
}

/**
 * The id of a button of a reply's owner. Each message is the difference from the one before: message ids grow with
 * time, so differences are short.
 */
export function encodeOwn(action: Own, { replyId, userId, before }: OwnReply): string {
  let id = [VERSION, OWN_LETTER[action], replyId, digitsOf(userId), ''].join(':');
  for (const [index, message] of before.entries()) {
    const digits = (BigInt(message) - BigInt(before[index - 1] ?? 0)).toString(36);
    const more = `${id}${index === 0 ? '' : '.'}${digits}`;
    if (more.length > CUSTOM_ID_MAX) break;
    id = more;
  }
  return id;
}

/** The button behind a `custom_id`; undefined when it is not one of the bot's. */
export function decodeButton(customId: string): Button | undefined {
  const [version, letter, ...fields] = customId.split(':');
  if (version !== VERSION && version !== VERSION_WITHOUT_PRESET) return undefined;
  if (letter === STOP) {
    const [replyId, userId] = fields;
    return replyId && userId && fields.length === 2 ? { action: 'stop', replyId, userId } : undefined;
  }
  const own = (Object.keys(OWN_LETTER) as Own[]).find((name) => OWN_LETTER[name] === letter);
  if (own) return decodeOwn(own, fields);
  const action = (Object.keys(LETTER) as StoryButton['action'][]).find((name) => LETTER[name] === letter);
  const [model = '', ...others] = fields;
  const presetLetter = version === VERSION ? others.shift() : PRESET_LETTER.classic;
  const preset = PRESETS.find((name) => PRESET_LETTER[name] === presetLetter);
  if (!action || !preset || others.length !== 7 || !others.every((field) => /^[0-9a-z]*$/.test(field))) {
    return undefined;
  }
  const [temperature = 0, length = 0, seed = 0, promptLength = 0] = others
    .slice(0, 4)
    .map((digits) => Number.parseInt(digits, 36));
  const [first, previous, source] = others.slice(4).map((digits) => digits && snowflake(digits));
  return {
    action,
    model,
    preset,
    temperature: temperature / TEMPERATURE_UNIT,
    length,
    seed,
    promptLength,
    first: first || undefined,
    previous: previous || undefined,
    source: source || undefined,
  };
}

function decodeOwn(action: Own, [replyId, user, messages = '']: readonly string[]): Button | undefined {
  if (!replyId || !/^[0-9a-z]+$/.test(user ?? '') || !/^[0-9a-z.]*$/.test(messages)) return undefined;
  let last = 0n;
  const before = (messages === '' ? [] : messages.split('.')).map((digits) => {
    last += BigInt(snowflake(digits));
    return last.toString();
  });
  return { action, replyId, userId: snowflake(user!), before };
}

function digitsOf(id: string): string {
  return BigInt(id).toString(36);
}

function snowflake(digits: string): string {
  let id = 0n;
  for (const digit of digits) id = id * 36n + BigInt(Number.parseInt(digit, 36));
  return id.toString();
}
