/** A book as the file that a command answers with. */
import type { Book } from '../../export/book.ts';
import type { ExportedFile } from '../../export/export.ts';
import type { ExportFormat } from '../../export/formats.ts';

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
