/** Books for tests of the formats: ordinary ones, hostile ones, and generated ones. */
import fc from 'fast-check';
import { type Book, type BookPart, bookOfStory, paragraphsOfParts } from '../../src/export/book.ts';
import type { ExportFormat } from '../../src/export/formats.ts';

export const AT = Date.UTC(2026, 10, 26, 12);
export const CREDITS = 'Clarke abc123 (integer) · lively · seed 7 · written by a neural network';

export function part(prompt: string, written: string, credits = CREDITS): BookPart {
  const segments = [
    { kind: 'prompt', text: prompt },
    { kind: 'written', text: written },
  ] as const;
  return { segments: segments.filter(({ text }) => text !== ''), credits };
}

/** A story in three parts, the later ones continuing it. */
export const THREE_PARTS: Book = bookOfStory([
  part('On the day when the stars went out,', ' the captain laughed.\n\n“Who is there?” asked the robot.'),
  part('', ' Nobody answered; 3 < 4 & 5 > 4.\n1. It was a list_of *things*.'),
  part(' Then', ' it ended.\n# No heading\n    no code', 'Clarke abc123 (integer) · wild · seed 8'),
]);

const HOSTILE_TEXTS = [
  '<script>alert(1)</script><img src=x onerror=alert(1)>',
  ']]><![CDATA[ <?xml version="1.0"?> <!DOCTYPE a [<!ENTITY b "c">]> &b; &#0; &nbsp;',
  '\u0000\u0001\u0008\u000b\u001b[31mred\u001b[0m\u007f\u0085\u009f\ufffe\uffff\ud800 \udc00',
  '\u202eevil\u2066bidi\u2069 \u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301',
  '[a](javascript:alert(1)) ![b](http://x.test/c.png) <http://x.test> http://x.test www.x.test a@x.test',
  '```\n~~~\n---\n===\n* * *\n+ a\n- b\n1) c\n> d\n    e\n\tf\n| a | b |\n[^1]: note\n$x$\n\\',
  'a**b**c __d__ `e` "f" \'g\'',
  '{{constructor}} <%= 1 %> %s #{1}',
];

/** Markup, control characters and directions everywhere: in titles, prompts, texts and credits. */
export const HOSTILE: Book = {
  title: HOSTILE_TEXTS.join(' '),
  stories: HOSTILE_TEXTS.map((text) => ({ title: text, parts: [part(text, text, text)] })),
};

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ maxLength: 60 }),
  fc.string({ unit: fc.constantFrom(...'*_`~[]()<>&!#+-=.:|\\ \n\ta1."\'—é😀\u0301@/'), maxLength: 60 }),
  fc.constantFrom(...HOSTILE_TEXTS),
);
const parts = fc.array(
  fc.tuple(text, text, text).map(([prompt, written, credits]) => part(prompt, written, credits)),
  { minLength: 1, maxLength: 3 },
);

/** Any book that has words. */
export const anyBook: fc.Arbitrary<Book> = fc
  .tuple(text, fc.array(fc.record({ title: text, parts }), { minLength: 1, maxLength: 3 }))
  .map(([title, stories]) => ({ title, stories }));

/** The text of a book's paragraphs. */
export function paragraphTexts({ stories }: Book): string[] {
  return stories.flatMap(({ parts: some }) =>
    paragraphsOfParts(some).map((segments) => segments.map(({ text: one }) => one).join('')),
  );
}

/** The user's words in a book's paragraphs. */
export function promptTexts({ stories }: Book): string {
  return stories
    .flatMap(({ parts: some }) => paragraphsOfParts(some).flat())
    .filter(({ kind }) => kind === 'prompt')
    .map(({ text: one }) => one)
    .join('');
}

export const FORMATS_OF_TEXT: readonly ExportFormat[] = ['html', 'markdown', 'text'];
