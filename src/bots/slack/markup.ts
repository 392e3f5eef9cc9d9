/** Users' text: its words without mentions, emoji and links, which no network can continue, and its options. Pure. */
import { StoryError } from '../../errors.ts';
import { CHOICES } from '../../story/continuations.ts';
import { numberOf } from '../submit.ts';
import { clean, slackEscaping } from '../text.ts';

/** `<@U1>`, `<!here>`, `<#C1|general>`, `<https://a.example|label>`; not `<b` or `a < b > c`. */
const MARKUP = / ?<([@!#][^<>]*|[a-z][a-z0-9+.-]*:[^<>\s]+(?:\|[^<>]*)?)>/gi;
/** A link as it stands in the text of a command. */
const BARE_LINK = / ?\b(?:https?:\/\/|www\.)(?:&amp;|[^\s<>|&])+/gi;
/**
 * `:rocket:`, `:+1::skin-tone-2:`. Digits alone are a time of day (`10:30:45`), except for the two emoji with
 * such names; with a letter or a digit beside it, it is part of a word.
 */
const EMOJI = / ?(?<![\p{L}\p{N}]):(?:(?=[\w+'-]*[a-z])[\w+'-]{1,100}|[+-]1|100|1234):(?![\p{L}\p{N}])/giu;

/** The words of a message or of a command: markup, links and emoji go with the space before them. */
export function readMarkup(markup: string): string {
  const words = markup.replace(MARKUP, (whole, inner: string) => {
    const space = whole.startsWith(' ') ? ' ' : '';
    const label = wordsOf(inner);
    return label === '' ? '' : space + label;
  });
  return slackEscaping.unescape(words.replace(BARE_LINK, '').replace(EMOJI, ''));
}

/** The words in a mention or a link; empty when it has nothing but its address. */
function wordsOf(inner: string): string {
  const [target = '', label = ''] = inner.split('|');
  if (/^[@!]/.test(target)) {
    return target.startsWith('!date') || target.startsWith('!subteam') ? label : '';
  }
  if (target.startsWith('#')) return label ? `#${label}` : '';
  // Slack formats an address that a user typed as a link whose label is that address.
  return target.includes(label) ? '' : label;
}

/** `private` as the first word, or `private=yes` anywhere. */
const PRIVATE = /^\s*private(?=\s|$)|(?:^|\s+)private=(\S*?)(?:\s*[,;])*(?=\s|$)/;
const YES = /^(?:yes|true|on|1)$/i;

/** Whether a request asks for a private story, and its other words. */
export function readPrivate(text: string): { readonly isPrivate: boolean; readonly rest: string } {
  const [found, value] = PRIVATE.exec(text) ?? [];
  if (found === undefined) return { isPrivate: false, rest: text };
  return { isPrivate: value === undefined || YES.test(value), rest: text.replace(found, '').trim() };
}

/** `choices=3` anywhere, and `choices:3`, as Discord writes it. */
const CHOICES_OPTION = /(?:^|\s)choices(?:=(\S*?)|:(\d+))(?:\s*[,;])*(?=\s|$)/i;

/** Whether a request asks for openings to choose from. */
export function asksForChoices(text: string): boolean {
  return CHOICES_OPTION.test(text);
}

/**
 * The words of a request for openings, without the option.
 *
 * @throws StoryError `bad_request` with a sentence for another number of openings
 */
export function withoutChoices(text: string): string {
  const [found = '', value, digits = value] = CHOICES_OPTION.exec(text) ?? [];
  if (numberOf('choices', digits ?? '', String(CHOICES)) !== CHOICES) {
    throw new StoryError('bad_request', `There are always ${CHOICES} choices: write choices=${CHOICES}.`);
  }
  return text.replace(found, '').trim();
}

/** The parsed text of `/scifi`. */
export interface StoryWords {
  readonly prompt: string;
  readonly preset?: string;
  readonly temperature?: number;
  readonly length?: number;
  readonly seed?: number;
  readonly model?: string;
}

const EXAMPLES: Readonly<Record<string, string>> = { temperature: '0.7', length: '800', seed: '7' };

/**
 * Parses `It all temp=0.7 began with length=800`; the options are removed, and the remaining words are the
 * prompt.
 *
 * @throws StoryError `bad_request` with a sentence
 */
export function readStoryWords(text: string): StoryWords {
  const options = new Map<string, string>();
  const prompt = text.replace(
    /(?:^|\s+)(preset|temp|temperature|length|seed|model)=(\S*?)(?:\s*[,;])*(?=\s|$)/gi,
    (_, name: string, value: string) => {
      options.set(name.toLowerCase() === 'temp' ? 'temperature' : name.toLowerCase(), value);
      return '';
    },
  );
  const model = options.get('model');
  const preset = options.get('preset')?.toLowerCase();
  const words: Record<string, string | number> = {
    prompt: prompt.trim(),
    ...(preset === undefined ? {} : { preset }),
    ...(model ? { model } : {}),
  };
  for (const [name, example] of Object.entries(EXAMPLES)) {
    const value = options.get(name);
    if (value !== undefined) words[name] = numberOf(name, value, example);
  }
  return words as unknown as StoryWords;
}

/** A message as a prompt: without the mention of the bot. */
export function promptOf(text: string, botUserId: string): string {
  const mention = new RegExp(`<@${botUserId}(?:\\|[^>]*)?>`, 'g');
  return clean(readMarkup(text.replaceAll(mention, ''))).trim();
}
