/** What Slack refuses in a message or a view: the checks of texts and blocks, each with its limit. */
import { complaint, Refusal } from './refusal.ts';
import { type FakeBlock, newId } from './world.ts';

/** `chat.update` counts bytes of the escaped text; where it is posted, more is cut off and not refused. */
const TEXT_MAX_BYTES = 4_000;
const POSTED_MAX = 40_000;
const BLOCKS_MAX = { message: 50, view: 100 } as const;
/** Nobody says how it is counted: 12,000 characters of text and a little more for what contains them. */
const ALL_BLOCKS_MAX_BYTES = 13_200;
const ID_MAX = 255;
const VALUE_MAX = 2_000;

type Json = Readonly<Record<string, unknown>>;
type Where = 'message' | 'view';

/** Slack keeps every text escaped: what came raw is escaped, what came escaped stays. */
export function escaped(text: string): string {
  return text
    .replaceAll(/&(?!(?:amp|lt|gt);)/g, '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}

/** A markup text with the ampersands escaped that are none of an entity; angle brackets mean something. */
function escapedMarkup(text: string): string {
  return text.replaceAll(/&(?!(?:amp|lt|gt);)/g, '&amp;');
}

export interface TextRules {
  /** Editing refuses what posting cuts off. */
  readonly isEdit: boolean;
}

/** Checks the text of a message and returns it as Slack keeps it; undefined when there is none. */
export function checkText(text: unknown, { isEdit }: TextRules): string | undefined {
  if (text === undefined || text === '') return undefined;
  if (typeof text !== 'string') throw new Refusal('invalid_arguments');
  if (!text.isWellFormed()) throw new Refusal('invalid_arguments');
  const kept = escapedMarkup(text);
  if (isEdit) {
    if (Buffer.byteLength(kept) > TEXT_MAX_BYTES) throw new Refusal('msg_too_long');
    return kept;
  }
  return [...kept].slice(0, POSTED_MAX).join('');
}

/**
 * Checks blocks, which come as JSON or as a list, and returns them as Slack keeps them; undefined when there
 * are none.
 */
export function checkBlocks(input: unknown, where: Where): FakeBlock[] | undefined {
  if (input === undefined || input === '') return undefined;
  const blocks = parse(input);
  if (!Array.isArray(blocks)) throw new Refusal('invalid_blocks_format');
  const most = BLOCKS_MAX[where];
  if (blocks.length > most) invalid('/blocks', `no more than ${most} items allowed`);
  const ids = new Set<string>();
  const kept = blocks.map((block, index) => checkBlock(block, `/blocks/${index}`, where, ids));
  if (where === 'message' && Buffer.byteLength(JSON.stringify(kept)) > ALL_BLOCKS_MAX_BYTES) {
    throw new Refusal('msg_blocks_too_long');
  }
  return kept;
}

function parse(input: unknown): unknown {
  if (typeof input !== 'string') return input;
  try {
    return JSON.parse(input);
  } catch {
    throw new Refusal('invalid_blocks_format');
  }
}

function invalid(place: string, what: string): never {
  throw complaint('invalid_blocks', place, what);
}

function checkBlock(input: unknown, place: string, where: Where, ids: Set<string>): FakeBlock {
  const block = objectAt(input, place);
  const { type, block_id: id = newId('b') } = block;
  if (typeof id !== 'string' || id.length === 0 || id.length > ID_MAX)
    invalid(`${place}/block_id`, 'its length');
  if (ids.has(id as string)) invalid(`${place}/block_id`, '`block_id` already exists');
  ids.add(id as string);
  const check = BLOCKS[String(type)];
  if (!check || (where === 'view' && type === 'markdown')) {
    return invalid(`${place}/type`, `unsupported type: ${String(type)}`);
  }
  const kept = check(block, place);
  return { ...kept, type: String(type), block_id: id as string };
}

/** Every kind of block that the fake knows, and what stands in it. */
const BLOCKS: Readonly<Record<string, (block: Json, place: string) => Json>> = {
  divider: (block, place) => only(block, place, []),
  header: (block, place) => {
    only(block, place, ['text']);
    return { ...block, text: textAt(block.text, `${place}/text`, 150, ['plain_text']) };
  },
  section: (block, place) => {
    only(block, place, ['text', 'fields', 'accessory', 'expand']);
    const { text, fields, accessory, expand } = block;
    if (text === undefined && fields === undefined) invalid(place, 'missing required field: text');
    if (expand !== undefined && typeof expand !== 'boolean') invalid(`${place}/expand`, 'must be a boolean');
    return {
      ...block,
      ...(text === undefined ? {} : { text: textAt(text, `${place}/text`, 3_000) }),
      ...(fields === undefined
        ? {}
        : {
            fields: listAt(fields, `${place}/fields`, 1, 10).map((field, index) =>
              textAt(field, `${place}/fields/${index}`, 2_000),
            ),
          }),
      ...(accessory === undefined
        ? {}
        : { accessory: elementAt(accessory, `${place}/accessory`, new Set()) }),
    };
  },
  context: (block, place) => {
    only(block, place, ['elements']);
    const elements = listAt(block.elements, `${place}/elements`, 1, 10).map((element, index) =>
      textAt(element, `${place}/elements/${index}`, 2_000),
    );
    return { ...block, elements };
  },
  actions: (block, place) => {
    only(block, place, ['elements']);
    const actionIds = new Set<string>();
    const elements = listAt(block.elements, `${place}/elements`, 1, 25).map((element, index) =>
      elementAt(element, `${place}/elements/${index}`, actionIds),
    );
    return { ...block, elements };
  },
  markdown: (block, place) => {
    only(block, place, ['text']);
    stringAt(block.text, `${place}/text`, 1, 12_000);
    return block;
  },
};

function elementAt(input: unknown, place: string, actionIds: Set<string>): Json {
  const element = objectAt(input, place);
  const { action_id: actionId = newId('a') } = element;
  stringAt(actionId, `${place}/action_id`, 1, ID_MAX);
  if (actionIds.has(actionId as string)) invalid(`${place}/action_id`, '`action_id` already exists');
  actionIds.add(actionId as string);
  if (element.type === 'button') {
    only(element, place, ['action_id', 'text', 'value', 'style', 'url', 'confirm', 'accessibility_label']);
    const text = textAt(element.text, `${place}/text`, 75, ['plain_text']);
    if (element.value !== undefined) stringAt(element.value, `${place}/value`, 0, VALUE_MAX);
    if (element.style !== undefined && !['primary', 'danger'].includes(String(element.style))) {
      invalid(`${place}/style`, 'must be one of the allowed values');
    }
    return { ...element, action_id: actionId, text };
  }
  if (element.type === 'static_select') return selectAt(element, place, actionId as string);
  return invalid(`${place}/type`, `unsupported type: ${String(element.type)}`);
}

function selectAt(element: Json, place: string, actionId: string): Json {
  only(element, place, ['action_id', 'placeholder', 'options', 'initial_option', 'confirm', 'focus_on_load']);
  const optionAt = (input: unknown, at: string): Json => {
    const option = objectAt(input, at);
    only(option, at, ['text', 'value', 'description']);
    stringAt(option.value, `${at}/value`, 1, 150);
    return { ...option, text: textAt(option.text, `${at}/text`, 75) };
  };
  const options = listAt(element.options, `${place}/options`, 1, 100).map((option, index) =>
    optionAt(option, `${place}/options/${index}`),
  );
  if (element.initial_option === undefined) return { ...element, action_id: actionId, options };
  const initial = optionAt(element.initial_option, `${place}/initial_option`);
  const isOffered = options.some((option) => JSON.stringify(option) === JSON.stringify(initial));
  if (!isOffered) invalid(`${place}/initial_option`, 'must exactly match one of the provided options');
  return { ...element, action_id: actionId, options, initial_option: initial };
}

/** A text object as Slack keeps it: escaped, and counted that way. */
function textAt(input: unknown, place: string, max: number, types = ['plain_text', 'mrkdwn']): Json {
  const object = objectAt(input, place);
  const { type, text } = object;
  if (!types.includes(String(type))) invalid(`${place}/type`, `unsupported type: ${String(type)}`);
  only(object, place, ['text', type === 'plain_text' ? 'emoji' : 'verbatim']);
  if (typeof text !== 'string') invalid(`${place}/text`, 'must be a string');
  const kept = type === 'plain_text' ? escaped(text as string) : escapedMarkup(text as string);
  stringAt(kept, `${place}/text`, 1, max);
  return { ...object, text: kept };
}

function stringAt(input: unknown, place: string, least: number, most: number): void {
  const text = typeof input === 'string' && input.isWellFormed() ? input : invalid(place, 'must be a string');
  const { length } = [...text];
  if (length < least) invalid(place, `must be more than ${least - 1} characters`);
  if (length > most) invalid(place, `must be less than ${most + 1} characters`);
}

function objectAt(input: unknown, place: string): Json {
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    invalid(place, 'must be an object');
  return input as Json;
}

function listAt(input: unknown, place: string, least: number, most: number): readonly unknown[] {
  if (!Array.isArray(input)) return invalid(place, 'must be an array');
  if (input.length < least) invalid(place, `no less than ${least} items allowed`);
  if (input.length > most) invalid(place, `no more than ${most} items allowed`);
  return input;
}

/** Refuses fields that Slack does not know; those that all of a kind have are known. */
function only(object: Json, place: string, fields: readonly string[]): Json {
  for (const field of Object.keys(object)) {
    if (field === 'type' || field === 'block_id' || fields.includes(field)) continue;
    invalid(place, `invalid additional property: ${field}`);
  }
  return object;
}

/** Whom a message notifies and where it leads, if anybody and anywhere: what Slack makes of its markup. */
export function pingsIn(text: string, blocks: readonly FakeBlock[]): string[] {
  return [text, ...markupIn(blocks)].flatMap((markup) => markup.match(/<(?:[@#!]|\w+:)[^>\n]*>/g) ?? []);
}

function markupIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const { type, text } = value as Json;
  if ((type === 'mrkdwn' || type === 'markdown') && typeof text === 'string') return [text];
  return Object.values(value).flatMap(markupIn);
}
