/** `write --format`: a story as a file in one of the formats of exports. */
import { writeFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { StoryError } from '../errors.ts';
import { bookOfStory } from '../export/book.ts';
import type { ExportFormat } from '../export/formats.ts';
import type { ModelChoice, Story, StoryRequest } from '../story/story.ts';
import { footerLine } from '../story/wording.ts';
import { print } from './console.ts';

const BY_EXTENSION: Readonly<Record<string, ExportFormat>> = {
  '.epub': 'epub',
  '.html': 'html',
  '.htm': 'html',
  '.md': 'markdown',
  '.txt': 'text',
};

export interface StoryFile {
  write(request: StoryRequest, story: Story, model: ModelChoice): Promise<void>;
}

/**
 * The file that the options ask for; undefined where the text alone is to be written to standard output.
 *
 * @param options `format` is the extension's of `out` where it is absent
 * @throws StoryError `bad_request` when the format is unclear, or an EPUB would be written to standard output
 */
export function fileWanted({
  format,
  out,
}: {
  readonly format?: ExportFormat;
  readonly out?: string;
}): StoryFile | undefined {
  if (format === undefined && out === undefined) return undefined;
  const chosen = format ?? BY_EXTENSION[extname(out!).toLowerCase()];
  if (chosen === undefined) {
    const known = Object.keys(BY_EXTENSION).join(', ');
    throw new StoryError(
      'bad_request',
      `The format of ${out} is unclear: give --format, or a name with ${known}.`,
    );
  }
  if (chosen === 'epub' && out === undefined) {
    throw new StoryError(
      'bad_request',
      'An EPUB is not shown in a terminal. Give --out and the name of a file.',
    );
  }
  return { write: (request, story, model) => writeStory(chosen, out, request, story, model) };
}

async function writeStory(
  format: ExportFormat,
  out: string | undefined,
  request: StoryRequest,
  story: Story,
  model: ModelChoice,
): Promise<void> {
  const { prompt } = request;
  const segments = [
    { kind: 'prompt', text: prompt },
    { kind: 'written', text: story.text.slice(prompt.length) },
  ] as const;
  const book = bookOfStory([{ segments, credits: footerLine(request, story, [model]) }]);
  // Loaded for a file only: `write` itself starts without it.
  const [{ exportBook }, { cover }] = await Promise.all([
    import('../export/export.ts'),
    import('../share/cover.ts'),
  ]);
  const picture = new TextEncoder().encode(cover(book.title, request.seed));
  const options = { at: Date.now(), cover: { mediaType: 'image/svg+xml', bytes: picture } } as const;
  const { bytes } = exportBook(book, format, options);
  if (out === undefined) return print(new TextDecoder().decode(bytes));
  try {
    await writeFile(out, bytes);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new StoryError('bad_request', `${out} cannot be written (${code}). Choose another file.`, {
      cause,
    });
  }
}
