/** A book as the file that a command answers with, and the option for its format. */
import { StoryError } from '../../errors.ts';
import type { Book } from '../../export/book.ts';
import type { ExportedFile } from '../../export/export.ts';
import {
  EXPORT_FORMATS,
  type ExportFormat,
  FORMAT_HINTS,
  FORMAT_LABELS,
  formatNamed,
} from '../../export/formats.ts';

export const FORMATS = EXPORT_FORMATS.join(', ');
export const FORMAT_CHOICES = EXPORT_FORMATS.map((value) => ({
  name: `${FORMAT_LABELS[value]}: ${FORMAT_HINTS[value]}`,
  value,
}));
export const ASKED_A_MOMENT_AGO = 'You asked for a book a moment ago. Try again in a minute.';

/** @throws StoryError `bad_request` with a sentence */
export function readFormat(format: unknown): ExportFormat {
  const chosen = formatNamed(String(format).toLowerCase());
  if (chosen) return chosen;
  throw new StoryError('bad_request', `There is no format ${format}. Choose one of: ${FORMATS}.`);
}

/** @param seed draws the cover */
export async function bookFile(book: Book, seed: number, format: ExportFormat): Promise<ExportedFile> {
  // Exports and covers are loaded only when they are needed.
  const [{ exportBook }, { cover }] = await Promise.all([
    import('../../export/export.ts'),
    import('../../share/cover.ts'),
  ]);
  const bytes = new TextEncoder().encode(cover(book.title, seed));
  return exportBook(book, format, { at: Date.now(), cover: { mediaType: 'image/svg+xml', bytes } });
}
