/** The server as the page's backend. URLs are relative: the page may be served under any path. */
import {
  inputOf,
  type ModelChoice,
  type ReplyState,
  type StoryRequest,
  type StorytellerStatus,
} from '../../story/story.ts';
import { later } from '../browser.ts';
import { workerUrl } from '../policy.ts';
import {
  ApiError,
  type SharedEnd,
  type SharedPage,
  type Sharing,
  type StoryApi,
  type StoryBackend,
  type StreamGate,
} from './backend.ts';
import { EventHub, openStream, sharedEvents } from './events.ts';

/** After this time, an unanswered request counts as lost. */
const TIMEOUT_MS = 15_000;

/** Part of the shared worker's name, so that windows of different versions of the page share no worker. */
const PROTOCOL = 1;

/** The backend of a page that a server serves. */
export function httpBackend(): StoryBackend {
  return {
    api: httpApi((...request) => fetch(...request)),
    openEvents: sharedEvents(connectWorker, new EventHub(openStream, later)),
    gate: visibleWindowGate(),
    remembers: true,
  };
}

/** The server's API. */
export function httpApi(fetcher: typeof fetch): StoryApi {
  async function send<Answer>(path: string, body?: object): Promise<Answer> {
    const init: RequestInit = { signal: AbortSignal.timeout(TIMEOUT_MS) };
    if (body !== undefined) {
      init.method = 'POST';
      init.headers = { 'content-type': 'application/json' };
      init.body = JSON.stringify(body);
    }
    let response: Response;
    let answer: unknown;
    try {
      response = await fetcher(path, init);
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
    throw new ApiError('offline', 'The answer of the computer cannot be read. Please try again.');
  }

  let sharesStories = false;
  const sharing: Sharing = {
    share: (id, before) => send<SharedPage>(`api/replies/${id}/share`, { before }),
    list: async (id, isListed) => void (await send(`api/replies/${id}/share/list`, { isListed })),
    unshare: async (id) => void (await send(`api/replies/${id}/unshare`, {})),
    read: (shareId) => unlessUnknown(send<SharedEnd>(`api/shares/${shareId}`)),
  };

  return {
    submit: async (id, ask) =>
      (await send<{ request: StoryRequest }>('api/replies', { id, ...inputOf(ask) })).request,
    offer: async (ids, ask) =>
      (await send<{ requests: StoryRequest[] }>('api/choices', { ids, ...inputOf(ask) })).requests,
    read: (id) => unlessUnknown(send<{ request: StoryRequest; state: ReplyState }>(`api/replies/${id}`)),
    stop: async (id) => void (await unlessUnknown(send(`api/replies/${id}/stop`, {}))),
    remove: async (id) => void (await unlessUnknown(send(`api/replies/${id}/delete`, {}))),
    rate: async (id, verdict) =>
      void (await send(`api/replies/${id}/feedback`, { verdict: verdict ?? null })),
    async models() {
      const options = await send<{ models: ModelChoice[]; sharesStories?: boolean }>('api/options');
      sharesStories = options.sharesStories === true;
      return options.models;
    },
    sharing: () => (sharesStories ? sharing : undefined),
    status: () => send<StorytellerStatus>('api/status'),
  };
}

async function unlessUnknown<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiError && error.code === 'not_found') return undefined;
    throw error;
  }
}

function connectWorker(onBroken: () => void): MessagePort | undefined {
  if (!('SharedWorker' in window)) return undefined;
  const url = workerUrl(new URL('events.js', import.meta.url).href);
  const worker = new SharedWorker(url, `events.${PROTOCOL}`);
  worker.onerror = onBroken;
  return worker.port;
}

/** Events for a visible window; a hidden one closes its events and polls. */
function visibleWindowGate(): StreamGate {
  const entered = new Set<() => void>();
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) for (const revoke of [...entered]) revoke();
  });
  return {
    enter(onRevoke) {
      if (document.hidden) return undefined;
      entered.add(onRevoke);
      return () => entered.delete(onRevoke);
    },
  };
}
