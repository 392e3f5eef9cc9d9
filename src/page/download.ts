/**
 * Saves a thread of replies as a file in one of the formats of exports: a script that the page loads for the first
 * download.
 */
import type { Book, BookPart } from '../export/book.ts';
import { type ExportedFile, exportBook } from '../export/export.ts';
import type { ExportFormat } from '../export/formats.ts';
import type { ModelChoice } from '../story/story.ts';
import { storyTitle } from '../story/title.ts';
import { saveFile } from './browser.ts';
import { toggleFormats } from './format-menu.ts';
import { type Reply, segmentsOf, wholeText } from './reply.ts';
import { fileNameFor, footerLines } from './words.ts';

/** A thread as a book of one story, each reply a part. */
function bookOfReplies(replies: readonly Reply[], models: readonly ModelChoice[]): Book {
  const all = segmentsOf(replies);
  let used = 0;
  const parts = replies.map((reply, index): BookPart => {
    const end = segmentsOf(replies.slice(0, index + 1)).length;
    const segments = all.slice(used, end);
    used = end;
    return { segments, credits: footerLines([reply], models)[0] ?? '' };
  });
  const title = storyTitle(wholeText(replies));
  return { title, stories: [{ title, parts: parts.filter(({ segments }) => segments.length > 0) }] };
}

/** Opens the choice of a format under the button, or closes it; the chosen file is saved. */
export function toggleDownload(
  button: HTMLButtonElement,
  replies: readonly Reply[],
  models: readonly ModelChoice[],
  onFailure: () => void,
): void {
  toggleFormats(button, (format) => {
    try {
      saveFile(storyFile(replies, format, models, Date.now()));
    } catch {
      onFailure();
    }
  });
}

/**
 * A thread as a file, named after its first words.
 *
 * @param at the time of the export, in ms since 1970
 */
function storyFile(
  replies: readonly Reply[],
  format: ExportFormat,
  models: readonly ModelChoice[],
  at: number,
): ExportedFile {
  const file = exportBook(bookOfReplies(replies, models), format, { at });
  const [extension] = file.name.match(/[^.]+$/)!;
  return { ...file, name: fileNameFor(wholeText(replies), extension) };
}
