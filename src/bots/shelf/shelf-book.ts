/** The works of a channel as a book. Pure. */
import type { Book, BookStory } from '../../export/book.ts';
import { titleOf, type Work } from '../../story/shelf.ts';
import type { ModelChoice } from '../../story/story.ts';
import { footerLine } from '../../story/wording.ts';

export const SHELF_TITLE = 'Written together';
const NO_WRITER = { modelVersion: '', engine: '' };

/** @param works at least one, in the order of the book */
export function shelfBook(works: readonly Work[], models: readonly ModelChoice[]): Book {
  const stories = works.map((work): BookStory => {
    const credits = footerLine(work.request, NO_WRITER, models);
    return { title: titleOf(work), parts: [{ segments: work.segments, credits }] };
  });
  return { title: stories.length === 1 ? stories[0]!.title : SHELF_TITLE, stories };
}
