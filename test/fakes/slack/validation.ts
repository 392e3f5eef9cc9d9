/** Slack's validation of messages: text that is too long, of the wrong shape, or with unknown fields. */
import { Refusal } from './refusal.ts';
import type { FakeBlock } from './world.ts';

/** Bytes of a message's `text`, after escaping. */
const TEXT_MAX = 4_000;
/** Characters of all the blocks of a message. */
const ALL_BLOCKS_MAX = 13_200;
const BLOCKS_MAX = { message: 50, home: 100 } as const;
const SECTION_MAX = 3_000;
const MARKDOWN_MAX = 12_000;
const HEADER_MAX = 150;
const CONTEXT_ELEMENTS_MAX = 10;
const ACTIONS_ELEMENTS_MAX = 25;
const CONTEXT_ACTIONS_ELEMENTS_MAX = 5;
const ID_MAX = 255;
const LABEL_MAX = 75;
const VALUE_MAX = 2_000;
const OPTION_VALUE_MAX = 150;
const OPTIONS_MAX = 100;

type Fields = Readonly<Record<string, unknown>>;

/** @throws Refusal `no_text`, `msg_too_long`, `invalid_blocks`, ... */
export function checkContent(
  { text, blocks }: { text?: unknown; blocks?: unknown },
  surface: keyof typeof BLOCKS_MAX,
): { text?: string; blocks?: readonly FakeBlock[] } {
  if (text !== undefined && typeof text !== 'string') throw new Refusal('invalid_arguments');
  if (text === undefined && blocks === undefined) throw new Refusal('no_text');
  if (text !== undefined && blocks === undefined && text.trim() === '') throw new Refusal('no_text');
  if (text !== undefined && Buffer.byteLength(escapedAsSlackDoes(text)) > TEXT_MAX) {
    throw new Refusal('msg_too_long');
  }
  return {
    ...(text === undefined ? {} : { text }),
    ...(blocks === undefined ? {} : { blocks: checkBlocks(blocks, surface) }),
  };
}

/** @throws Refusal for markdown that a stream does not accept */
export function checkMarkdown(markdown: unknown): string {
  if (typeof markdown !== 'string') throw new Refusal('invalid_arguments');
  if (markdown.length > MARKDOWN_MAX) throw new Refusal('msg_too_long');
  return markdown;
}

/** The effects of the bot's markup: a mention of a user, or a link. */
export function pingsIn({ text, blocks }: { text?: string; blocks?: readonly FakeBlock[] }): string[] {
  const marked: string[] = blocks ? [] : [text ?? ''];
  const collect = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const { type, text: words } = value as Fields;
    if ((type === 'mrkdwn' || type === 'markdown') && typeof words === 'string') marked.push(words);
    for (const inner of Object.values(value)) collect(inner);
  };
  collect(blocks);
  // The text beside blocks is shown in notifications; a mention in it notifies all the same.
  if (blocks && text) marked.push(text);
  return marked.flatMap((words) => words.match(/<(?:[@!#]|https?:|mailto:)[^>]*>/g) ?? []);
}

function checkBlocks(blocks: unknown, surface: keyof typeof BLOCKS_MAX): readonly FakeBlock[] {
  if (!Array.isArray(blocks)) throw new Refusal('invalid_blocks_format');
  if (blocks.length > BLOCKS_MAX[surface]) {
    throw invalid('/blocks', `no more than ${BLOCKS_MAX[surface]} items allowed`);
  }
  const ids = new Set<string>();
  let characters = 0;
  blocks.forEach((block: Fields, i) => {
    const at = `/blocks/${i}`;
    characters += checkBlock(block, at, surface);
    if (block.block_id === undefined) return;
    if (typeof block.block_id !== 'string' || block.block_id.length > ID_MAX) throw invalid(`${at}/block_id`);
    if (ids.has(block.block_id)) throw invalid(`${at}/block_id`, '`block_id` already exists');
    ids.add(block.block_id);
  });
  if (characters > ALL_BLOCKS_MAX) throw new Refusal('msg_blocks_too_long');
  return blocks as FakeBlock[];
}

/** Validates a block; returns how many characters it shows. */
function checkBlock(block: Fields, at: string, surface: keyof typeof BLOCKS_MAX): number {
  switch (block.type) {
    case 'section': {
      only(block, ['text', 'expand', 'fields', 'accessory'], at);
      if (block.expand !== undefined && typeof block.expand !== 'boolean') throw invalid(`${at}/expand`);
      const accessory = block.accessory === undefined ? 0 : checkElement(block.accessory, `${at}/accessory`);
      return checkText(block.text, SECTION_MAX, `${at}/text`) + accessory;
    }
    case 'header':
      only(block, ['text'], at);
      return checkText(block.text, HEADER_MAX, `${at}/text`, true);
    case 'divider':
      only(block, [], at);
      return 0;
    case 'markdown':
      only(block, ['text'], at);
      return checkMarkdown(block.text).length;
    case 'context':
      only(block, ['elements'], at);
      return elementsOf(block, CONTEXT_ELEMENTS_MAX, at).reduce(
        (sum: number, element, i) => sum + checkText(element, SECTION_MAX, `${at}/elements/${i}`),
        0,
      );
    case 'actions': {
      only(block, ['elements'], at);
      const elements = elementsOf(block, ACTIONS_ELEMENTS_MAX, at);
      const actions = elements.map(({ action_id }) => action_id);
      if (new Set(actions).size !== actions.length) throw invalid(at, '`action_id` already exists');
      return elements.reduce(
        (sum: number, element, i) => sum + checkElement(element, `${at}/elements/${i}`),
        0,
      );
    }
    case 'context_actions': {
      if (surface !== 'message') throw invalid(at, `unsupported type: ${block.type}`);
      only(block, ['elements'], at);
      const elements = elementsOf(block, CONTEXT_ACTIONS_ELEMENTS_MAX, at);
      return elements.reduce(
        (sum: number, element, i) => sum + checkFeedback(element, `${at}/elements/${i}`),
        0,
      );
    }
    default:
      throw invalid(at, `unsupported type: ${block.type}`);
  }
}

/** The buttons of feedback, which are only allowed in `context_actions`. */
function checkFeedback(element: Fields, at: string): number {
  if (element.type !== 'feedback_buttons') throw invalid(at, `unsupported type: ${element.type}`);
  only(element, ['action_id', 'positive_button', 'negative_button'], at, false);
  const { action_id: actionId } = element;
  if (
    actionId !== undefined &&
    (typeof actionId !== 'string' || actionId === '' || actionId.length > ID_MAX)
  ) {
    throw invalid(`${at}/action_id`);
  }
  return ['positive_button', 'negative_button'].reduce((sum, name) => {
    const button = element[name] as Fields | undefined;
    if (typeof button !== 'object' || button === null) throw invalid(`${at}/${name}`, 'missing');
    const unknown = Object.keys(button).find(
      (key) => !['text', 'value', 'accessibility_label'].includes(key),
    );
    if (unknown) throw invalid(`${at}/${name}`, `invalid additional property: ${unknown}`);
    const { value, accessibility_label: label } = button;
    if (typeof value !== 'string' || value === '' || value.length > VALUE_MAX) {
      throw invalid(`${at}/${name}/value`);
    }
    if (label !== undefined && (typeof label !== 'string' || label === '' || label.length > LABEL_MAX)) {
      throw invalid(`${at}/${name}/accessibility_label`);
    }
    return sum + checkText(button.text, LABEL_MAX, `${at}/${name}/text`, true);
  }, 0);
}

function checkElement(element: unknown, at: string): number {
  const fields = element as Fields;
  const { action_id: actionId } = fields;
  if (typeof actionId !== 'string' || actionId === '' || actionId.length > ID_MAX) {
    throw invalid(`${at}/action_id`);
  }
  if (fields.type === 'button') {
    only(fields, ['action_id', 'text', 'value', 'style', 'url', 'confirm', 'accessibility_label'], at);
    const { value, style } = fields;
    if (value !== undefined && (typeof value !== 'string' || value.length > VALUE_MAX)) {
      throw invalid(`${at}/value`, `must be less than ${VALUE_MAX + 1} characters`);
    }
    if (style !== undefined && style !== 'primary' && style !== 'danger') throw invalid(`${at}/style`);
    return checkText(fields.text, LABEL_MAX, `${at}/text`, true);
  }
  if (fields.type === 'static_select') {
    only(fields, ['action_id', 'placeholder', 'options', 'initial_option', 'confirm', 'focus_on_load'], at);
    const { options, initial_option: initial, placeholder } = fields;
    if (!Array.isArray(options) || options.length === 0 || options.length > OPTIONS_MAX) {
      throw invalid(`${at}/options`);
    }
    options.forEach((option, i) => {
      checkOption(option, `${at}/options/${i}`);
    });
    const same = (option: unknown) => JSON.stringify(option) === JSON.stringify(initial);
    if (initial !== undefined && !options.some(same)) {
      throw invalid(`${at}/initial_option`, 'could not be found in options');
    }
    return placeholder === undefined ? 0 : checkText(placeholder, 150, `${at}/placeholder`, true);
  }
  throw invalid(at, `unsupported type: ${fields.type}`);
}

function checkOption(option: Fields, at: string): void {
  only(option, ['text', 'value', 'description', 'url'], at, false);
  checkText(option.text, LABEL_MAX, `${at}/text`);
  const { value } = option;
  if (typeof value !== 'string' || value === '' || value.length > OPTION_VALUE_MAX) {
    throw invalid(`${at}/value`);
  }
}

/** Validates a text object; returns its length as Slack counts: escaped. */
function checkText(text: unknown, most: number, at: string, isPlainOnly = false): number {
  const fields = (text ?? {}) as Fields;
  const isPlain = fields.type === 'plain_text';
  if (!isPlain && (isPlainOnly || fields.type !== 'mrkdwn')) {
    throw invalid(`${at}/type`, `unsupported type: ${fields.type}`);
  }
  only(fields, ['text', isPlain ? 'emoji' : 'verbatim'], at, false);
  if (typeof fields.text !== 'string' || fields.text.length === 0) {
    throw invalid(`${at}/text`, 'must be more than 0 characters');
  }
  const { length } = escapedAsSlackDoes(fields.text);
  if (length > most) throw invalid(`${at}/text`, `must be less than ${most + 1} characters`);
  return length;
}

/** Slack stores `&`, `<` and `>` escaped; text that is escaped already, or is Slack's own markup, stays. */
function escapedAsSlackDoes(text: string): string {
  return text.replace(/&(?!(?:amp|lt|gt);)/g, '&amp;');
}

function elementsOf(block: Fields, most: number, at: string): Fields[] {
  const { elements } = block;
  if (!Array.isArray(elements) || elements.length === 0) throw invalid(`${at}/elements`);
  if (elements.length > most) throw invalid(`${at}/elements`, `no more than ${most} items allowed`);
  return elements;
}

function only(fields: Fields, known: readonly string[], at: string, isBlock = true): void {
  const all = isBlock ? [...known, 'type', 'block_id'] : [...known, 'type'];
  const unknown = Object.keys(fields).find((key) => !all.includes(key));
  if (unknown) throw invalid(at, `invalid additional property: ${unknown}`);
}

function invalid(at: string, what = 'invalid'): Refusal {
  return new Refusal('invalid_blocks', [`[ERROR] ${what} [json-pointer:${at}]`]);
}
