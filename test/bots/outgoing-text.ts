/** Properties of all text sent to a chat; a few runs here, many in `outgoing-text.long.ts`. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { textsIn } from '../../src/bots/discord/components.ts';
import {
  bodyOf,
  MESSAGE_MAX,
  type MessageFormat,
  markupOf,
  partsOf,
  readPart,
  smallPrintOf,
} from '../../src/bots/discord/message-format.ts';
import {
  layOut,
  readBlocks,
  SECTION_MAX,
  SECTIONS_MAX,
  partsOf as sectionsOf,
  costOf as slackCostOf,
} from '../../src/bots/slack/reply/messages.ts';
import { clean, discordEscaping, joinParts, slackEscaping, splitText } from '../../src/bots/text.ts';
import { mentionsIn } from '../fakes/discord/validation.ts';

/** The parts from which attacks are built. */
const HOSTILE = [
  '@everyone',
  '@here',
  '@',
  '<@123456789012345678>',
  '<@&1>',
  '<#1>',
  '</scifi:1>',
  '<:a:1>',
  '<t:1>',
  '<id:browse>',
  '<!channel>',
  '<!here|here>',
  '<@U012AB3CD>',
  '<#C012AB3CD|general>',
  '<https://evil.example|home>',
  '<mailto:a@b.example>',
  '&lt;!channel&gt;',
  '&amp;lt;',
  '&',
  ':smile:',
  '"'.repeat(40),
  '[a](https://evil.example)',
  '](',
  'https://evil.example',
  'discord.gg/x',
  '\\',
  '*',
  '_',
  '`',
  '||',
  '~~',
  '# ',
  '-# ',
  '> ',
  '>>> ',
  '- ',
  '\n-# ',
  '\n',
  '\r\n',
  '\n\n\n',
  '   ',
  '\t',
  '\u202e',
  '\u2066',
  '\u200b',
  '\u2060',
  '\u2063',
  '\u200d',
  '\u200f',
  '\ufeff',
  '\u0000',
  '\u0007',
  '\u001b[31m',
  '\u00a0',
  '\u2028',
  '\u0301'.repeat(9),
  '\ud83d',
  '\ude00',
  '😀',
  '👨‍👩‍👧',
  '\u{e0041}',
  '…',
];

/** Prose with attacks in it, or an arbitrary string. */
export const anyText: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...HOSTILE) },
      { weight: 3, arbitrary: fc.constantFrom('a ', 'word ', 'Sentence. ', 'x'.repeat(50), '\n\n') },
      { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
      { weight: 1, arbitrary: fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)) }) },
    ),
    { maxLength: 80 },
  )
  .map((pieces) => pieces.join(''));

/** A long text, of several messages. */
const longText: fc.Arbitrary<string> = fc
  .tuple(anyText, fc.nat(12))
  .map(([text, times]) => text.repeat(times + 1).slice(0, 6_000));

/** Characters that grow most when they are escaped, for Slack or for JSON. */
const costlyText: fc.Arbitrary<string> = fc
  .array(fc.constantFrom('&', '<', '>', '"', '\\', 'x', ' '), { minLength: 500, maxLength: 1_000 })
  .chain((signs) =>
    fc.nat(5).map((times) =>
      signs
        .join('')
        .repeat(times + 1)
        .slice(0, 6_000),
    ),
  );

const format: fc.Arbitrary<MessageFormat> = fc.constantFrom('content', 'container');

const REQUEST = { prompt: '', context: '', temperature: 0.4, length: 6_000, seed: 7, model: 'scifi' };
const FINISHED = {
  status: 'finished',
  ending: 'complete',
  modelVersion: 'v',
  engine: 'e',
  unreadable: 0,
} as const;

interface WireText {
  readonly type: string;
  readonly text: string;
  readonly emoji?: boolean;
}

interface WireBlock {
  readonly block_id?: string;
  readonly text?: WireText;
  readonly elements?: readonly (WireText | { readonly text?: WireText })[];
}

interface WireBody {
  readonly text: string;
  readonly blocks: readonly WireBlock[];
}

/** The texts of a block. Those of feedback buttons are not among them: they are always the same. */
function textsOf({ text, elements = [] }: WireBlock): WireText[] {
  const inside = elements.flatMap((element) =>
    typeof element.text === 'string' ? (element as WireText) : (element.text ?? []),
  );
  return [...(text ? [text] : []), ...inside];
}

/** Sequences that Slack interprets, and strings that only resemble entities. */
function slackMarkupIn(text: string): string[] {
  return text.match(/[<>]|&(?!(?:amp|lt|gt);)/g) ?? [];
}

export const PROPERTIES: Readonly<Record<string, () => fc.IRawProperty<unknown>>> = {
  'cleaning is idempotent, and leaves no control, no direction and no half of a pair': () =>
    fc.property(anyText, (text) => {
      const once = clean(text);
      assert.equal(clean(once), once);
      assert.ok(once.isWellFormed());
      assert.doesNotMatch(once, /[\p{Bidi_Control}\u200b\ufeff\u2060-\u2064]|[^\P{Cc}\n]/u);
      assert.doesNotMatch(once, /(?:\p{M}|\u200c|\u200d){5}|\n{3}| {4}/u);
    }),
  'a cleaned beginning is the beginning of what is cleaned, wherever a text was cut': () =>
    fc.property(anyText, fc.nat(), (text, at) => {
      const whole = text.toWellFormed();
      let cut = at % (whole.length + 1);
      if (/[\ud800-\udbff]/.test(whole[cut - 1] ?? '')) cut -= 1;
      assert.ok(clean(whole).startsWith(clean(whole.slice(0, cut))));
      assert.equal(clean(clean(whole.slice(0, cut)) + whole.slice(cut)), clean(whole));
    }),
  'escaping is read back exactly, character by character as a whole': () =>
    fc.property(anyText, (text) => {
      const safe = clean(text);
      const escaped = discordEscaping.escape(safe);
      assert.equal(discordEscaping.unescape(escaped), safe);
      assert.equal([...safe].map(discordEscaping.escape).join(''), escaped);
    }),
  'nothing that leaves can notify, link or be anything but text': () =>
    fc.property(anyText, fc.nat(400), format, (text, promptLength, as) => {
      for (const part of partsOf(clean(text), promptLength, as)) {
        const content = markupOf(bodyOf(as, { part, smallPrint: text }));
        assert.deepEqual(mentionsIn(content), []);
        // Without escaped characters, the only Discord markup left is the small print of the footer.
        const bare = content.replace(/\\[^0-9A-Za-z\s]/g, '').replace(/(^|\n)-# (?=[^\n]*$)/, '$1');
        assert.doesNotMatch(bare, /[\\*_~`|>#[\]<]|https?:|:\/\/|^- /m);
      }
    }),
  'Slack: escaping is read back exactly, character by character as a whole': () =>
    fc.property(anyText, (text) => {
      const safe = clean(text);
      const escaped = slackEscaping.escape(safe);
      assert.equal(slackEscaping.unescape(escaped), safe);
      assert.equal([...safe].map(slackEscaping.escape).join(''), escaped);
    }),
  'Slack: a text costs what it takes on the wire, and each character its share': () =>
    fc.property(fc.oneof(anyText, costlyText), (text) => {
      const safe = clean(text);
      assert.equal(slackCostOf(safe), Buffer.byteLength(JSON.stringify(slackEscaping.escape(safe))) - 2);
      const sum = [...safe].reduce((total, character) => total + slackCostOf(character), 0);
      assert.equal(sum, slackCostOf(safe));
    }),
  'Slack: a message is escaped once and last, short enough, and read back exactly': () =>
    fc.property(fc.oneof(longText, costlyText), fc.nat(500), fc.boolean(), (text, promptLength, isOver) => {
      const story = clean(text);
      const request = { ...REQUEST, prompt: story.slice(0, promptLength) };
      const body = layOut(
        isOver ? { ...FINISHED, text } : { status: 'writing', text },
        { id: 'c1', userId: 'U1', request, source: undefined, models: [] },
        '',
      );
      const { text: fallback, blocks } = JSON.parse(JSON.stringify(body)) as WireBody;
      const texts = blocks.flatMap((block) => textsOf(block));
      for (const { type, text: shown, emoji } of texts) {
        assert.deepEqual([type, emoji], ['plain_text', false]);
        assert.ok(shown.length > 0 && Buffer.byteLength(shown) <= SECTION_MAX, `${shown.length}`);
        assert.equal(shown.trim(), shown);
        assert.deepEqual(slackMarkupIn(shown), []);
      }
      assert.deepEqual(slackMarkupIn(fallback), []);
      assert.ok(fallback !== '' && Buffer.byteLength(fallback) <= 4_000);
      // The size that Slack was observed to accept: the blocks including the structure around the text.
      assert.ok(Buffer.byteLength(JSON.stringify(blocks)) <= 13_200);
      for (const { block_id } of blocks) assert.ok((block_id ?? '').length <= 255);
      const parts = sectionsOf(story, request.prompt.length);
      const whole = story.replace(/^[ \n]+|[ \n]+$/g, '');
      const read = readBlocks(blocks) ?? '';
      if (parts.length <= SECTIONS_MAX) assert.equal(read, whole);
      else
        assert.ok(
          whole.startsWith(read) && isOver === /The rest does not fit here/.test(JSON.stringify(blocks)),
        );
    }),
  'Slack: what stands in an earlier section never changes while a story grows': () =>
    fc.property(longText, fc.nat(), fc.nat(900), (text, at, promptLength) => {
      const story = clean(text);
      const cut = story.length === 0 ? 0 : at % story.length;
      const before = sectionsOf(clean(story.slice(0, cut).toWellFormed()), promptLength);
      const after = sectionsOf(story, promptLength);
      for (const [index, part] of before.slice(0, -1).entries()) assert.deepEqual(after[index], part);
      assert.ok(after.length >= before.length);
    }),
  'messages are short enough, whole, and one text when read back': () =>
    fc.property(longText, fc.nat(900), fc.string(), format, (text, promptLength, print, as) => {
      const story = clean(text);
      const parts = partsOf(story, promptLength, as);
      const bodies = parts.map((part, index) =>
        bodyOf(as, { part, smallPrint: index === parts.length - 1 ? print : '' }),
      );
      for (const body of bodies) {
        const texts = [body.content ?? '', ...textsIn(body.components ?? [])];
        // With room for the labels of the buttons, which Discord may count.
        const most = MESSAGE_MAX[as] - (as === 'container' ? 100 : 0);
        assert.ok(texts.join('').length <= most, `${texts.join('').length}`);
      }
      for (const content of bodies.map(markupOf)) {
        assert.ok(content.isWellFormed());
        // Discord trims; no text is lost by that.
        assert.equal(content.trim(), content);
        assert.doesNotMatch(content, /[\p{Bidi_Control}]|[^\P{Cc}\n]/u);
      }
      assert.equal(joinParts(bodies.map(markupOf).map(readPart)), story.replace(/^[ \n]+|[ \n]+$/g, ''));
      assert.ok(smallPrintOf(print).length <= 256 && !smallPrintOf(print).includes('\n'));
    }),
  'what stands in an earlier message never changes while a story grows': () =>
    fc.property(longText, fc.nat(), fc.nat(900), format, (text, at, promptLength, as) => {
      const story = clean(text);
      const cut = story.length === 0 ? 0 : at % story.length;
      const before = partsOf(clean(story.slice(0, cut).toWellFormed()), promptLength, as);
      const after = partsOf(story, promptLength, as);
      for (const [index, { text: earlier }] of before.slice(0, -1).entries()) {
        assert.equal(after[index]!.text, earlier);
      }
      assert.ok(after.length >= before.length);
    }),
  'no word is cut that would fit, and no paragraph where that can be helped': () =>
    fc.property(
      fc.array(fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 20 }), { maxLength: 12 }),
      fc.integer({ min: 40, max: 200 }),
      (paragraphs, limit) => {
        const text = paragraphs.map((words) => words.map((n) => 'x'.repeat(n)).join(' ')).join('\n\n');
        const parts = splitText(text, { limit, cost: (piece) => piece.length });
        for (const { text: part, separator } of parts) {
          assert.ok(part.length <= limit && part.length > 0);
          assert.notEqual(separator, '');
        }
        const joined = parts.map(({ text: part, separator = '' }) => separator + part).join('');
        assert.equal(joined, text);
        for (const [index, part] of parts.slice(0, -1).entries()) {
          const cutsParagraph = parts[index + 1]!.separator === ' ';
          // A paragraph is cut only where its part would otherwise be less than a quarter full.
          if (cutsParagraph) assert.ok(part.text.lastIndexOf('\n') <= limit / 4);
        }
      },
    ),
};
