/**
 * Assembles the page.
 *
 * 1. The composer turns the input into a request (`composer.ts`); a link does the same (`link.ts`).
 * 2. The conversation makes an id for it, stores both in the browser and sends them (`conversation.ts`).
 * 3. The reply is followed, on a server as server-sent events and across lost connections (`following.ts`).
 * 4. Each state is merged into the shown one (`reply.ts`) and its text revealed smoothly (`reveal.ts`).
 * 5. After a reload, stored replies are shown again and unfinished ones are followed further.
 */
import type { ModelChoice } from '../story/story.ts';
import type { StoryApi, StoryBackend } from './backend/backend.ts';
import { announcer, byId, drawSeed, endKeeper, openStorage, setText } from './browser.ts';
import { Composer, type Task } from './composer.ts';
import { Conversation } from './conversation.ts';
import { endingFromHash, planFromHash } from './link.ts';
import type { Ask } from './reply.ts';
import { ReplyStore } from './store.ts';
import { endingTask } from './tasks.ts';
import { type Storytellers, statusLine } from './words.ts';

/** Intervals of the status requests: while a story waits or no storyteller is ready, and otherwise. */
const WAITING_POLL_MS = 1_500;
const READY_POLL_MS = 20_000;

/** Opens the page on the stories of a backend. */
export function openPage(backend: StoryBackend): void {
  const storage = openStorage();
  const stories = byId('stories', HTMLElement);
  const end = endKeeper(stories, byId('composer', HTMLFormElement));
  const announce = announcer(byId('announcements', HTMLElement));
  const clearButton = byId('clear', HTMLButtonElement);
  const welcome = byId('welcome', HTMLElement);
  const hasMouse = matchMedia('(pointer: fine)').matches;
  let models: readonly ModelChoice[] = [];

  const conversation = new Conversation(backend, new ReplyStore(storage), {
    list: stories,
    announce,
    context: () => ({
      storytellers: watch.now,
      models,
      isSharing: backend.api.sharing?.() !== undefined,
      isRating: backend.api.rate !== undefined,
      showsLikelihoods: composer.showsLikelihoods,
      onGrow: end.grown,
    }),
    onEdit: (ask) => composer.edit(ask),
    onTask: (task) => composer.begin(task),
    onEmpty: () => composer.focus(),
    onCount: (exchanges) => {
      clearButton.hidden = exchanges === 0;
      welcome.hidden = exchanges > 0;
    },
  });

  const status = byId('storytellers', HTMLElement);
  const watch = new StorytellerWatch(
    backend.api,
    () => conversation.isWaiting,
    (line) => {
      setText(status, line);
      status.dataset.phase = watch.now.phase;
      conversation.refresh();
    },
  );

  const onAsk = (ask: Ask, task: Task | undefined) => {
    if (task) task.onSend(ask);
    else {
      conversation.ask(ask);
      end.jump();
    }
    watch.poll();
  };
  const composer = new Composer(storage, announce, onAsk, () => conversation.refresh());

  for (const button of welcome.querySelectorAll('button')) {
    button.addEventListener('click', () => {
      composer.askFor(button.dataset.prompt!);
      // On a phone, the keyboard would cover the story.
      if (hasMouse) composer.focus();
      else conversation.focusNewest();
    });
  }

  clearButton.addEventListener('click', () => {
    if (!confirm('Clear all stories from this page? They cannot be restored.')) return;
    conversation.clear();
    composer.focus();
  });

  /** Starts the story in the URL, once: a reload finds it and does not start another. */
  function openLink(): void {
    const ending = endingFromHash(location.hash);
    if (ending !== undefined) void openEnding(ending);
    const plan = planFromHash(location.hash, drawSeed);
    if (plan === undefined) return;
    history.replaceState(null, '', location.pathname);
    if (composer.refuses(plan.ask.prompt)) return;
    conversation.ask(plan.ask, undefined, plan.nextSeeds);
    end.jump();
  }

  /** Opens the form with the end of a shared story. */
  async function openEnding(shareId: string): Promise<void> {
    history.replaceState(null, '', location.pathname);
    try {
      // Whether stories are shared is known after the models.
      await offered;
      const shared = await backend.api.sharing?.()?.read(shareId);
      if (shared === undefined) return announce('That story is not shared here (any more).');
      composer.begin(endingTask(shared, (ask) => conversation.ask(ask)));
    } catch (error) {
      announce((error as Error).message);
    }
  }

  const offered = backend.api.models().then((choices) => {
    models = choices;
    composer.offer(choices);
    conversation.refresh();
  });
  offered.catch(() => {}); // The server then chooses the model, and the header shows that it does not answer.

  addEventListener('hashchange', openLink);
  addEventListener('pagehide', () => conversation.save());

  conversation.restore();
  openLink();
  if (stories.childElementCount > 0) end.jump();
  watch.poll();
  // Not on a phone, where the keyboard would cover the page.
  if (hasMouse) composer.focus({ preventScroll: true });
  backend.onStatus?.(() => watch.poll());
}

/** Polls the storytellers' status: often while a story waits for them, otherwise rarely. */
class StorytellerWatch {
  now: Storytellers = { phase: 'unknown' };
  readonly #api: Pick<StoryApi, 'status'>;
  readonly #isWaiting: () => boolean;
  readonly #onChange: (line: string) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(api: Pick<StoryApi, 'status'>, isWaiting: () => boolean, onChange: (line: string) => void) {
    this.#api = api;
    this.#isWaiting = isWaiting;
    this.#onChange = onChange;
    document.addEventListener('visibilitychange', () => document.hidden || this.poll());
  }

  /** Polls now, and continues to poll. */
  poll(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    void this.#update();
  }

  async #update(): Promise<void> {
    const before = this.now;
    try {
      this.now = await this.#api.status();
    } catch {
      this.now = { phase: 'offline' };
    }
    if (JSON.stringify(before) !== JSON.stringify(this.now)) this.#onChange(statusLine(this.now));
    const intervalMs = this.now.phase !== 'ready' || this.#isWaiting() ? WAITING_POLL_MS : READY_POLL_MS;
    clearTimeout(this.#timer);
    if (!document.hidden) this.#timer = setTimeout(() => this.poll(), intervalMs);
  }
}
