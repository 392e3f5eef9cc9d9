/**
 * An HTTP client that limits its request rate, retries temporary failures, honours Retry-After, and requests
 * only the missing part of a file.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoryError } from '../../../errors.ts';
import { announcedSize, checksumsOf, rangeStart, retryAfter, strong } from './headers.ts';
import { finished, forget, readValidator, sizeOf, writeValidator } from './partial.ts';
import { redirected } from './redirects.ts';
import { Passing, Watch } from './watch.ts';

export interface ClientOptions {
  /** Requests per second, including redirects and failed attempts. */
  readonly rate: number;
  readonly userAgent: string;
  /** Aborts the current transfer; the received bytes are kept for the next run. */
  readonly signal?: AbortSignal;
  /** Called for every deviation from the normal course. */
  readonly onTrouble?: (sentence: string) => void;
  /** Hosts that a redirect may lead to, besides the requested one: names, or names with a port. */
  readonly redirectHosts?: readonly string[];
  readonly patience?: Partial<Patience>;
}

/** Timeouts, pauses and number of attempts. */
export interface Patience {
  readonly attempts: number;
  /** Pause before the second attempt; it doubles before each further one. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  /** The client gives up when the server asks for a longer pause. */
  readonly longestRetryAfterMs: number;
  /** An attempt ends after this long without a byte. */
  readonly stalledMs: number;
  /** An attempt always ends after this long; a slow transfer is requested again from where it stopped. */
  readonly attemptMs: number;
}

const PATIENCE: Patience = {
  attempts: 6,
  firstPauseMs: 2_000,
  longestPauseMs: 60_000,
  longestRetryAfterMs: 600_000,
  stalledMs: 30_000,
  attemptMs: 300_000,
};
const REDIRECTS = [301, 302, 303, 307, 308];
const MOST_REDIRECTS = 5;

export interface Fetched {
  readonly kind: 'fetched';
  readonly url: string;
  readonly bytes: number;
  readonly sha256: string;
}
export type Answer = Fetched | { readonly kind: 'missing' } | { readonly kind: 'unchanged' };

/** What is fetched: the address, the target file, and the maximum number of bytes. */
interface WantedFile {
  readonly url: string;
  readonly part: string;
  readonly most: number;
}

export class PoliteClient {
  readonly #options: ClientOptions;
  readonly #patience: Patience;
  #nextRequest = 0;
  requests = 0;

  constructor(options: ClientOptions) {
    if (!(options.rate > 0)) {
      throw new StoryError(
        'bad_request',
        `Expected \`rate\` to be above 0 requests a second, got ${options.rate}.`,
      );
    }
    this.#options = options;
    this.#patience = { ...PATIENCE, ...options.patience };
  }

  /**
   * Fetches a file into `part`, continuing where an earlier attempt or process stopped. The caller renames
   * it.
   *
   * @param since only if it has changed since then (an HTTP date)
   * @throws StoryError `not_found` when it is not available now: every attempt failed, the server refuses
   *   robots, the file is larger than `most` bytes, or a redirect leads elsewhere
   */
  async fetch(url: string, part: string, most: number, since?: string): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt({ url, part, most }, since);
      } catch (error) {
        this.#options.signal?.throwIfAborted();
        if (error instanceof StoryError) throw error;
        const reason = reasonOf(error);
        if (attempt >= this.#patience.attempts)
          throw new StoryError(
            'not_found',
            `${url} could not be downloaded in ${attempt} attempts; the last error: ${reason}. Try again later.`,
          );
        await this.#pause(attempt, reason, error instanceof Passing ? error.retryAfterMs : undefined, url);
      }
    }
  }

  async #pause(
    attempt: number,
    reason: string,
    retryAfterMs: number | undefined,
    url: string,
  ): Promise<void> {
    const { firstPauseMs, longestPauseMs, longestRetryAfterMs } = this.#patience;
    if (retryAfterMs !== undefined && retryAfterMs > longestRetryAfterMs)
      throw new StoryError(
        'not_found',
        `${url}: the server allows no request for ${Math.ceil(retryAfterMs / 60_000)} minutes. Try again then, or with another --mirror.`,
      );
    // Half of a pause is random, so that many clients do not return at the same moment.
    const backoff = Math.min(longestPauseMs, firstPauseMs * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2);
    const pause = Math.max(backoff, retryAfterMs ?? 0);
    this.#options.onTrouble?.(`${url}: ${reason}; retrying in ${(pause / 1_000).toFixed(1)} s`);
    await sleep(pause, undefined, { signal: this.#options.signal });
  }

  async #attempt(wanted: WantedFile, since: string | undefined): Promise<Answer> {
    const { url, part } = wanted;
    const known = await readValidator(part, url);
    const validator = known?.etag ?? known?.modified;
    // Without a validator the client cannot tell whether the rest belongs to the same file.
    const held = validator ? await sizeOf(part) : 0;
    const headers: Record<string, string> = {};
    if (validator && held > 0) Object.assign(headers, { Range: `bytes=${held}-`, 'If-Range': validator });
    else if (since) headers['If-Modified-Since'] = since;
    const watch = new Watch(this.#patience, this.#options.signal);
    try {
      return await this.#receive(await this.#request(url, headers, watch), wanted, held, watch);
    } finally {
      watch.stop();
    }
  }

  /** Sends one request at the permitted time, and follows redirects. */
  async #request(url: string, headers: Record<string, string>, watch: Watch): Promise<Response> {
    let at = url;
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
      await this.#waitForRate();
      watch.alive();
      const response = await fetch(at, {
        headers: { ...headers, 'User-Agent': this.#options.userAgent, 'Accept-Encoding': 'identity' },
        redirect: 'manual',
        signal: watch.signal,
      });
      watch.alive();
      const location = response.headers.get('location');
      if (!REDIRECTS.includes(response.status) || !location) return response;
      await response.body?.cancel();
      at = redirected(url, at, location, this.#options.redirectHosts ?? []);
    }
    throw new StoryError('not_found', `${url} redirects too many times. Try another --mirror.`);
  }

  /** Waits until the next request is permitted. */
  async #waitForRate(): Promise<void> {
    const wait = this.#nextRequest - performance.now();
    this.#nextRequest = Math.max(performance.now(), this.#nextRequest) + 1_000 / this.#options.rate;
    if (wait > 0) await sleep(wait, undefined, { signal: this.#options.signal });
    this.requests += 1;
  }

  async #receive(response: Response, wanted: WantedFile, held: number, watch: Watch): Promise<Answer> {
    const { url, part, most } = wanted;
    const { status, headers } = response;
    if (status === 304) return { kind: 'unchanged' };
    if (status === 404 || status === 410) return { kind: 'missing' };
    if (status === 416) {
      // There is no rest: either the file is complete, or the partial file belongs to another version.
      const all = /\*\/(\d+)/.exec(headers.get('content-range') ?? '')?.[1];
      if (held > 0 && Number(all) === held) return this.#finish(response, url, part, held);
      await forget(part);
      throw new Passing('the partial file belongs to another version');
    }
    if (status === 403 || status === 401)
      throw new StoryError(
        'not_found',
        `${url}: the server refuses (${status}). Project Gutenberg's own site accepts no automated clients: give a --mirror that does.`,
      );
    if (status === 429 || status === 408 || status >= 500)
      throw new Passing(`the server answered ${status}`, retryAfter(headers.get('retry-after')));
    if (status !== 200 && status !== 206)
      throw new StoryError('not_found', `${url}: the server answered ${status}.`);
    if (/^text\/html|^application\/xhtml/i.test(headers.get('content-type') ?? ''))
      throw new Passing('the server sent a web page instead of the file');
    const from = status === 206 ? rangeStart(headers.get('content-range')) : 0;
    if (from !== 0 && from !== held) {
      await forget(part);
      throw new Passing('the server sent another part than the requested one');
    }
    const announced = announcedSize(response, from);
    if (announced !== undefined && announced > most) throw await tooLarge(wanted);
    // The partial file must never be taken for the beginning of another file.
    if (from === 0) await forget(part);
    await writeValidator(part, {
      url,
      etag: strong(headers.get('etag')),
      modified: headers.get('last-modified'),
    });
    const file = await open(part, from === 0 ? 'w' : 'a');
    try {
      const bytes = await this.#store(response, file, from, wanted, watch);
      if (announced !== undefined && bytes < announced)
        throw new Passing(`only ${bytes} of ${announced} bytes arrived`);
      if (announced !== undefined && bytes > announced) {
        await forget(part);
        throw new Passing(`${bytes} bytes arrived instead of ${announced}`);
      }
      await file.sync();
      return await this.#finish(response, url, part, bytes);
    } finally {
      await file.close();
    }
  }

  /** Writes each chunk when it arrives, so that it is kept when the process ends. */
  async #store(
    response: Response,
    file: FileHandle,
    from: number,
    wanted: WantedFile,
    watch: Watch,
  ): Promise<number> {
    let bytes = from;
    if (!response.body) return bytes;
    for await (const chunk of response.body) {
      watch.alive();
      bytes += chunk.length;
      if (bytes > wanted.most) throw await tooLarge(wanted);
      await file.write(chunk);
    }
    return bytes;
  }

  /** Checks a whole file against the checksums in its response. */
  async #finish(response: Response, url: string, part: string, bytes: number): Promise<Fetched> {
    for (const [algorithm, expected] of checksumsOf(response.headers)) {
      if ((await digestOf(part, algorithm)).toString('base64') === expected) continue;
      await forget(part);
      throw new Passing(`its ${algorithm} differs from the one that the server states`);
    }
    await finished(part);
    return { kind: 'fetched', url, bytes, sha256: (await digestOf(part, 'sha256')).toString('hex') };
  }
}

async function tooLarge({ url, part, most }: WantedFile): Promise<StoryError> {
  await forget(part);
  const megabytes = (most / 1e6).toLocaleString('en', { maximumFractionDigits: 1 });
  return new StoryError(
    'not_found',
    `${url} is larger than ${megabytes} MB, the most for one file. Raise --max-megabytes if the file is right.`,
  );
}

async function digestOf(file: string, algorithm: string): Promise<Buffer> {
  const hash = createHash(algorithm);
  await pipeline(createReadStream(file), hash);
  return hash.digest();
}

function reasonOf(error: unknown): string {
  if (error instanceof Passing) return error.message;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (cause instanceof Passing) return cause.message;
  return `the connection broke (${(cause as NodeJS.ErrnoException).code ?? (cause as Error).message})`;
}
