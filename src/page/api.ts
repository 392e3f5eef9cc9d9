/** The page's interface to its stories, and its implementation by the server. */
import type { ModelChoice, ReplyState, StoryRequest, StorytellerStatus } from '../story/story.ts';
import type { Ask } from './reply.ts';

/** After this time, an unanswered request counts as lost. */
const TIMEOUT_MS = 15_000;

/**
 * A refusal with a sentence. `offline`: the server was not reached, and the same request may be sent again.
 */
export class ApiError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The interface to the stories. Refusals are an `ApiError`. */
export interface StoryApi {
  /** Starts a reply. Idempotent for one id. */
  submit(id: string, ask: Ask): Promise<StoryRequest>;
  /** A reply's request and current state; undefined when it is unknown. */
  read(id: string): Promise<{ request: StoryRequest; state: ReplyState } | undefined>;
  stop(id: string): Promise<void>;
  models(): Promise<readonly ModelChoice[]>;
  status(): Promise<StorytellerStatus>;
}

/**
 * The server, over a `fetch` that tests replace. URLs are relative: the page may be served under any path.
 */
export class Api implements StoryApi {
  readonly #fetch: typeof fetch;

  constructor(fetcher: typeof fetch) {
    this.#fetch = fetcher;
  }

  async submit(id: string, ask: Ask): Promise<StoryRequest> {
    const { request } = await this.#send<{ request: StoryRequest }>('api/replies', { id, ...ask });
    return request;
  }

  async read(id: string): Promise<{ request: StoryRequest; state: ReplyState } | undefined> {
    return this.#known(this.#send<{ request: StoryRequest; state: ReplyState }>(`api/replies/${id}`));
  }

  async stop(id: string): Promise<void> {
    await this.#known(this.#send(`api/replies/${id}/stop`, {}));
  }

  models(): Promise<ModelChoice[]> {
    return this.#send<{ models: ModelChoice[] }>('api/options').then(({ models }) => models);
  }

  status(): Promise<StorytellerStatus> {
    return this.#send<StorytellerStatus>('api/status');
  }

  async #known<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
    try {
      return await answer;
    } catch (error) {
      if (error instanceof ApiError && error.code === 'not_found') return undefined;
      throw error;
    }
  }

  async #send<Answer>(path: string, body?: object): Promise<Answer> {
    const init: RequestInit = { signal: AbortSignal.timeout(TIMEOUT_MS) };
    if (body !== undefined) {
      init.method = 'POST';
      init.headers = { 'content-type': 'application/json' };
      init.body = JSON.stringify(body);
    }
    let response: Response;
    let answer: unknown;
    try {
      response = await this.#fetch(path, init);
      answer = await response.json();
    } catch {
      throw new ApiError(
        'offline',
        'The computer cannot be reached. Check that it is running, then try again.',
      );
    }
    if (response.ok) return answer as Answer;
    const { code, message } = Object(Object(answer).error) as { code?: unknown; message?: unknown };
    if (typeof code === 'string' && typeof message === 'string') throw new ApiError(code, message);
    throw new ApiError('offline', 'The computer gave an answer that makes no sense. Please try again.');
  }
}
