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
import type { StoryBackend } from './backend.ts';
import { Composer } from './composer.ts';
import { Conversation } from './conversation.ts';
import { byId, say } from './dom.ts';
import { announcer, drawSeed, endKeeper, newId, openStorage, wantsStillness } from './environment.ts';
import { later } from './event-source.ts';
import { planFromHash } from './link.ts';
import { ReplyStore } from './store.ts';
import { StorytellerWatch } from './storyteller-watch.ts';

/** Opens the page on the stories of a backend. */
export function openPage(backend: StoryBackend): void {
  const kept = openStorage();
  const stories = byId('stories', HTMLElement);
  const end = endKeeper(stories, byId('composer', HTMLFormElement));
  const announce = announcer(byId('announcements', HTMLElement));
  const clearButton = byId('clear', HTMLButtonElement);
  const welcome = byId('welcome', HTMLElement);
  const hasMouse = matchMedia('(pointer: fine)').matches;
  let models: readonly ModelChoice[] = [];

  const conversation = new Conversation({
    ...backend,
    store: new ReplyStore(kept),
    list: stories,
    announce,
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    alarm: later,
    newId,
    drawSeed,
    viewContext: () => ({ storytellers: watch.now, models, still: wantsStillness(), onGrow: end.grown }),
    onEdit: (ask) => composer.edit(ask),
    onCount: (exchanges) => {
      clearButton.hidden = exchanges === 0;
      welcome.hidden = exchanges > 0;
    },
  });

  const status = byId('storytellers', HTMLElement);
  const watch = new StorytellerWatch(
    backend.api,
    () => conversation.waits,
    (line) => {
      say(status, line);
      status.dataset.phase = watch.now.phase;
      conversation.refresh();
    },
  );

  const composer = new Composer({
    storage: kept,
    drawSeed,
    announce,
    onAsk: (ask) => {
      conversation.ask(ask);
      end.jump();
      watch.look();
    },
  });

  for (const button of welcome.querySelectorAll('button')) {
    button.addEventListener('click', () => {
      composer.askFor(button.dataset.prompt!);
      // On a phone, the keyboard would cover the story.
      if (hasMouse) composer.focus();
      else conversation.focusNewest();
    });
  }

  clearButton.addEventListener('click', () => {
    if (!confirm('Clear all stories from this page? They cannot be brought back.')) return;
    conversation.clear();
    composer.focus();
  });

  /** Starts the story in the URL, once: a reload finds it and does not start another. */
  function openLink(): void {
    const plan = planFromHash(location.hash, drawSeed);
    if (plan === undefined) return;
    history.replaceState(null, '', location.pathname);
    if (composer.refuses(plan.ask.prompt)) return;
    conversation.ask(plan.ask, undefined, plan.nextSeeds);
    end.jump();
  }

  addEventListener('hashchange', openLink);
  addEventListener('pagehide', () => conversation.save());

  conversation.restore();
  openLink();
  if (stories.childElementCount > 0) end.jump();
  watch.look();
  // Not on a phone, where the keyboard would cover the page.
  if (hasMouse) composer.focus({ preventScroll: true });
  backend.onStatus?.(() => watch.look());
  backend.api
    .models()
    .then((offered) => {
      models = offered;
      composer.offer(offered);
      conversation.refresh();
    })
    .catch(() => {}); // The server then chooses the model, and the header shows that it does not answer.
}
