/**
 * The text of users' messages without Discord's markup, from every part of a message that holds text. Pure.
 */
import type { APIMessage, APIMessageTopLevelComponent } from 'discord.js';
import { hasWords } from '../submit.ts';
import { clean } from '../text.ts';
import { textsIn } from './components.ts';

/** The parts of a message that hold text. */
export interface TextParts {
  readonly content: string;
  readonly embeds?: APIMessage['embeds'] | undefined;
  readonly components?: readonly APIMessageTopLevelComponent[] | undefined;
  /** Messages that this one forwards. */
  readonly forwarded?: readonly TextParts[] | undefined;
}

/** Names of the mentions in a text, by their ids; undefined when a name is not known. */
export interface Names {
  readonly user?: (id: string) => string | undefined;
  readonly role?: (id: string) => string | undefined;
  readonly channel?: (id: string) => string | undefined;
}

const CUSTOM_EMOJI = /<a?:\w+:\d+>/g;
const MENTION = /<(@!?|@&|#)(\d+)>/g;
const COMMAND = /<(\/[^>:\n]+):\d+>/g;
const TIME_OR_GUIDE = /<(?:t:-?\d+(?::\w)?|id:\w+)>/g;

/** A text as users read it: names for mentions, and nothing for custom emoji, which a story cannot show. */
export function readMarkup(content: string, names: Names = {}): string {
  const plain = content
    .replace(CUSTOM_EMOJI, '')
    .replace(MENTION, (_, sign: string, id: string) => {
      const name = sign === '#' ? names.channel : sign === '@&' ? names.role : names.user;
      return name?.(id) ?? '';
    })
    .replace(COMMAND, '$1')
    .replace(TIME_OR_GUIDE, '');
  return plain === content ? content : plain.replace(/ {2,}/g, ' ').trim();
}

/** The clean text of a message: its own or forwarded text, or else the text of its components or embeds. */
export function textOfMessage({ content, embeds, components, forwarded }: TextParts): string {
  const sources = [
    () => content,
    () => (forwarded ?? []).map(textOfMessage).join('\n'),
    () => textsIn(components ?? []).join('\n'),
    () => (embeds ?? []).flatMap(linesOf).join('\n'),
  ];
  for (const source of sources) {
    const text = clean(readMarkup(source())).trim();
    if (hasWords(text)) return text;
  }
  return '';
}

/** The text parts of a message of the API. */
export function partsOfWire({
  content,
  embeds,
  components,
  message_snapshots: snapshots,
}: Partial<APIMessage>): TextParts {
  return {
    content: content ?? '',
    embeds,
    components,
    forwarded: snapshots?.map(({ message }) => partsOfWire(message as Partial<APIMessage>)),
  };
}

function linesOf({ title, description, fields }: APIMessage['embeds'][number]): string[] {
  const pairs = (fields ?? []).flatMap(({ name, value }) => [name, value]);
  return [title, description, ...pairs].filter((line) => line !== undefined && line !== null);
}
