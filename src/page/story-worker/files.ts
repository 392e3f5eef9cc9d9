/** Requests the files of the page without a server. */
import { StoryError } from '../../errors.ts';
import { unusable } from '../../generator/model/model.ts';

/** Revalidates the browser's cache: files of two versions do not fit each other. */
const REQUEST: RequestInit = { cache: 'no-cache' };

/**
 * @param shown the file, as the error names it
 * @throws StoryError `model_unavailable`
 */
export async function request(url: URL, shown: string, fetcher: typeof fetch): Promise<Response> {
  let response: Response;
  try {
    response = await fetcher(url, REQUEST);
  } catch (error) {
    throw unreachable(shown, error);
  }
  if (!response.ok) throw unusable(shown, `the server answered with ${response.status}`);
  return response;
}

/** All bytes of a response. */
export async function bytesOf(response: Response, shown: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await response.arrayBuffer().catch((error: unknown) => {
    throw unreachable(shown, error);
  });
  return new Uint8Array(bytes);
}

/** A response's bytes as they arrive. Not every browser can iterate over a stream. */
export async function* chunksOf(
  body: ReadableStream<Uint8Array> | null,
  shown: string,
): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader();
  for (;;) {
    const next = await reader?.read().catch((error: unknown) => {
      throw unreachable(shown, error);
    });
    if (!next || next.done) return;
    yield next.value;
  }
}

function unreachable(shown: string, cause: unknown): StoryError {
  return new StoryError(
    'model_unavailable',
    `The file ${shown} cannot be fetched. Check the connection, then try again.`,
    { cause },
  );
}
