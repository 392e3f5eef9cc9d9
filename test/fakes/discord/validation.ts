/** Discord's validation of message bodies. */
import { COMPONENTS_V2, checkComponents, type FakeComponent } from './components.ts';
import { EMPTY_MESSAGE, INVALID_FIELD, INVALID_FORM } from './refusals.ts';

const MESSAGE_FIELDS = new Set([
  'content',
  'components',
  'flags',
  'nonce',
  'enforce_nonce',
  'allowed_mentions',
  'message_reference',
  'embeds',
  'poll',
  'sticker_ids',
  'tts',
  'attachments',
]);
/** The fields that a message of Components V2 may not have. */
const LEGACY_FIELDS = ['content', 'embeds', 'poll', 'sticker_ids'] as const;
const CONTENT_MAX = 2_000;
export const EPHEMERAL = 1 << 6;

export interface MessageInput {
  content?: string | null;
  components?: FakeComponent[];
  embeds?: unknown[] | null;
  poll?: unknown;
  sticker_ids?: unknown[] | null;
  flags?: number;
  nonce?: string;
  enforce_nonce?: boolean;
  allowed_mentions?: { parse?: string[] };
  message_reference?: { message_id: string; fail_if_not_exists?: boolean };
}

export interface MessageRules {
  /** The flags that may be set; all others are errors. */
  readonly flags: number;
  /** The message that is edited, as it is; absent for a new one. */
  readonly edited?: { readonly flags: number; readonly content: string };
}

/** Validates a message body and returns it as Discord stores it. */
export function checkMessage(input: unknown, { flags: allowed, edited }: MessageRules): MessageInput {
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
  if ((rest.flags ?? 0) & ~allowed) throw INVALID_FORM(`flags ${rest.flags}`);
  const wasV2 = ((edited?.flags ?? 0) & COMPONENTS_V2) !== 0;
  if (wasV2 && rest.flags !== undefined && !(rest.flags & COMPONENTS_V2)) {
    const message = 'The MessageFlags.IS_COMPONENTS_V2 flag cannot be removed from a message';
    throw INVALID_FIELD('flags', 'MESSAGE_CANNOT_REMOVE_COMPONENTS_V2_FLAG', message);
  }
  const isV2 = wasV2 || ((rest.flags ?? 0) & COMPONENTS_V2) !== 0;
  const kept: MessageInput = { ...rest, ...(nonce === undefined ? {} : { nonce }) };
  if (isV2) checkNoLegacyFields(input as MessageInput, wasV2 ? '' : (edited?.content ?? ''));
  if (content !== undefined && content !== null) {
    if (typeof content !== 'string') throw INVALID_FORM('content: expected a string');
    if (!content.isWellFormed()) throw INVALID_FORM('content: half a surrogate pair');
    if ([...content].length > CONTENT_MAX) throw INVALID_FORM('content: BASE_TYPE_MAX_LENGTH 2000');
    kept.content = content.trim();
  }
  if (!isV2 && (!edited || content !== undefined) && !kept.content) throw EMPTY_MESSAGE();
  if (isV2 && !wasV2 && !components?.length) throw EMPTY_MESSAGE();
  if (isV2 && components?.length === 0) throw EMPTY_MESSAGE();
  if (components !== undefined) kept.components = checkComponents(components, isV2);
  return kept;
}

/** @param content that an edited message still has */
function checkNoLegacyFields(input: MessageInput, content: string): void {
  for (const field of LEGACY_FIELDS) {
    const value = input[field];
    const isEmpty = Array.isArray(value) ? value.length === 0 : value === null || value === undefined;
    const remains = field === 'content' && value === undefined && content !== '';
    if (isEmpty && !remains) continue;
    const message = `The '${field}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2`;
    throw INVALID_FIELD(field, 'MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2', message);
  }
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
