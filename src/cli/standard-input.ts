/** Reads a prompt from standard input. */
import { StoryError } from '../errors.ts';
import { STORY_BOUNDS } from '../story/story.ts';

/** The argument that stands for standard input. */
export const STANDARD_INPUT = '-';
/** Most bytes of UTF-8 for each UTF-16 code unit. */
const BYTES_PER_UNIT = 3;
/** Room for the line ends that an editor or `echo` adds. */
const SPARE_BYTES = 64;

/**
 * Reads a prompt to the end of the input. Trailing line ends are removed: `echo` adds one.
 *
 * @throws StoryError `bad_request` when it is no UTF-8, or longer than a prompt may be
 */
export async function readPrompt(input: AsyncIterable<Buffer | string>): Promise<string> {
  const most = STORY_BOUNDS.prompt.max;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    chunks.push(Buffer.from(chunk));
    bytes += chunk.length;
    if (bytes > most * BYTES_PER_UNIT + SPARE_BYTES) {
      throw new StoryError(
        'bad_request',
        `Standard input holds more than a prompt: the most is ${most.toLocaleString('en')} characters. Shorten it.`,
      );
    }
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
    return text.replace(/[\r\n]+$/, '');
  } catch (cause) {
    throw new StoryError('bad_request', 'Standard input is not UTF-8. Convert it, with iconv for example.', {
      cause,
    });
  }
}
