/** The formats of exports, by name. Apart from the code that writes them, which the page loads when it is needed. */

export const EXPORT_FORMATS = ['epub', 'html', 'markdown', 'text'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** The formats' names for users. */
export const FORMAT_LABELS: Readonly<Record<ExportFormat, string>> = {
  epub: 'EPUB',
  html: 'HTML',
  markdown: 'Markdown',
  text: 'Plain text',
};

/** What each format is for. */
export const FORMAT_HINTS: Readonly<Record<ExportFormat, string>> = {
  epub: 'a book for e-readers',
  html: 'a web page in one file',
  markdown: 'text with headings, and your words in bold',
  text: 'the text and its credits',
};

/** The format of this name; undefined for an unknown one. */
export function formatNamed(name: unknown): ExportFormat | undefined {
  return EXPORT_FORMATS.find((format) => format === name);
}
