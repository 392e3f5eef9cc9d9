/** Discord's validation of message bodies, and its refusals. */
import type { FakeRow } from './world.ts';

/** A refusal, in Discord's words. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: number;

  constructor(status: number, code: number, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const UNKNOWN_CHANNEL = () => new Refusal(404, 10_003, 'Unknown Channel');
export const UNKNOWN_MESSAGE = () => new Refusal(404, 10_008, 'Unknown Message');
export const UNKNOWN_WEBHOOK = () => new Refusal(404, 10_015, 'Unknown Webhook');
export const UNKNOWN_INTERACTION = () => new Refusal(404, 10_062, 'Unknown interaction');
export const ACKNOWLEDGED = () => new Refusal(400, 40_060, 'Interaction has already been acknowledged.');
export const MISSING_ACCESS = () => new Refusal(403, 50_001, 'Missing Access');
export const MISSING_PERMISSIONS = () => new Refusal(403, 50_013, 'Missing Permissions');
export const EMPTY_MESSAGE = () => new Refusal(400, 50_006, 'Cannot send an empty message');
export const INVALID_TOKEN = () => new Refusal(401, 50_027, 'Invalid Webhook Token');
export const INVALID_FORM = (what: string) => new Refusal(400, 50_035, `Invalid Form Body: ${what}`);
export const AUTOMOD = () => new Refusal(400, 200_000, 'Content blocked by AutoMod');

const MESSAGE_FIELDS = new Set([
  'content',
  'components',
  'flags',
  'nonce',
  'enforce_nonce',
  'allowed_mentions',
  'message_reference',
  'embeds',
  'tts',
  'attachments',
]);
const CONTENT_MAX = 2_000;

export interface MessageInput {
  content?: string;
  components?: FakeRow[];
  flags?: number;
  nonce?: string;
  enforce_nonce?: boolean;
  allowed_mentions?: { parse?: string[] };
  message_reference?: { message_id: string; fail_if_not_exists?: boolean };
}

/** Validates a message body and returns it as Discord stores it. */
export function checkMessage(input: unknown, isNew: boolean): MessageInput {
  if (typeof input !== 'object' || input === null) throw INVALID_FORM('expected an object');
  for (const field of Object.keys(input)) {
    if (!MESSAGE_FIELDS.has(field)) throw INVALID_FORM(`unknown field ${field}`);
  }
  const { content, components, nonce, ...rest } = input as MessageInput;
  if (rest.allowed_mentions === undefined || rest.allowed_mentions.parse?.length !== 0) {
    // Discord itself would accept it, and notify every user whom the text names.
    throw INVALID_FORM('this fake wants allowed_mentions: {parse: []} in every message');
  }
  if (nonce !== undefined && (typeof nonce !== 'string' || nonce.length > 25)) throw INVALID_FORM('nonce');
  const kept: MessageInput = { ...rest, ...(nonce === undefined ? {} : { nonce }) };
  if (content !== undefined && content !== null) {
    if (typeof content !== 'string') throw INVALID_FORM('content: expected a string');
    if (!content.isWellFormed()) throw INVALID_FORM('content: half a surrogate pair');
    if ([...content].length > CONTENT_MAX) throw INVALID_FORM('content: BASE_TYPE_MAX_LENGTH 2000');
    kept.content = content.trim();
  }
  if ((isNew || content !== undefined) && !kept.content) throw EMPTY_MESSAGE();
  if (components !== undefined) kept.components = checkRows(components);
  return kept;
}

function checkRows(rows: unknown): FakeRow[] {
  if (!Array.isArray(rows) || rows.length > 5) throw INVALID_FORM('components: at most five rows');
  const ids = new Set<string>();
  for (const row of rows as FakeRow[]) {
    if (row.type !== 1 || row.components.length < 1 || row.components.length > 5) {
      throw INVALID_FORM('components: a row has one to five buttons');
    }
    for (const { type, style, label, custom_id: id } of row.components) {
      if (type !== 2 || !(style >= 1 && style <= 4)) throw INVALID_FORM('components: not a button');
      if (!label || [...label].length > 80) throw INVALID_FORM('label: 1 to 80 characters');
      if (!id || [...id].length > 100) throw INVALID_FORM('custom_id: 1 to 100 characters');
      if (ids.has(id)) throw INVALID_FORM('custom_id: COMPONENT_CUSTOM_ID_DUPLICATED');
      ids.add(id);
    }
  }
  return rows as FakeRow[];
}

/**
 * The users whom a text would notify if it were allowed to: the mentions that Discord's server parses,
 * ignoring control characters.
 */
export function mentionsIn(content: string): string[] {
  const seen = content.replace(/[\p{Cc}\p{Bidi_Control}]/gu, '');
  return (
    seen.match(/@(?:everyone|here)|<@[!&]?\d+>|<#\d+>|<\/[^>]+:\d+>|<a?:\w+:\d+>|<t:-?\d+|<id:\w+>/g) ?? []
  );
}
