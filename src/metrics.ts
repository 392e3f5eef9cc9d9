/**
 * All metrics in one place, with Prometheus's conventions for names and units. The registry is global to the
 * process, so code that counts needs no wiring; no label holds text that a user typed.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { FeedbackCount } from './story/feedback.ts';

export const registry = new Registry();
const registers = [registry];

/**
 * Seconds; the first text of a story arrives after tens of milliseconds, and few users wait longer than a
 * minute.
 */
const WAITS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

export const storyWait = new Histogram({
  name: 'scifi_story_wait_seconds',
  help: 'Time from adding a story to the queue until the first worker takes it',
  buckets: WAITS,
  registers,
});

export const firstText = new Histogram({
  name: 'scifi_first_text_seconds',
  help: 'Time from a user’s request until the reply shows the first text of the story',
  labelNames: ['platform'],
  buckets: WAITS,
  registers,
});

export const characters = new Counter({
  name: 'scifi_characters_total',
  help: 'Characters that this worker has generated',
  registers,
});

export const redraws = new Counter({
  name: 'scifi_redraws_total',
  help: 'Words that the content filter rejected and that this worker resampled',
  registers,
});

export const stories = new Counter({
  name: 'scifi_stories_total',
  help: 'Stories that ended in this worker: complete, stopped, handed_over, lost, or an error code',
  labelNames: ['ending'],
  registers,
});

export const takeovers = new Counter({
  name: 'scifi_takeovers_total',
  help: 'Stories and replies taken over from a lost process',
  labelNames: ['queue'],
  registers,
});

export const replies = new Counter({
  name: 'scifi_replies_total',
  help: 'Replies that ended in this process: complete, stopped, or an error code',
  labelNames: ['platform', 'ending'],
  registers,
});

export const shares = new Counter({
  name: 'scifi_shares_total',
  help: 'Stories that this process made into pages',
  labelNames: ['platform'],
  registers,
});

export const shareReads = new Counter({
  name: 'scifi_share_reads_total',
  help: 'Requests for shared stories: page, cover, text (for an ending of one’s own), or unknown',
  labelNames: ['what'],
  registers,
});

export const edits = new Counter({
  name: 'scifi_edits_total',
  help: 'Edits of replies: progress while a story grows, final at its end',
  labelNames: ['platform', 'kind'],
  registers,
});

export const rateLimited = new Counter({
  name: 'scifi_rate_limited_total',
  help: 'Calls that a platform refused with a rate limit',
  labelNames: ['platform'],
  registers,
});

export const refusals = new Counter({
  name: 'scifi_refusals_total',
  help: 'Requests that were refused, by error code',
  labelNames: ['code'],
  registers,
});

export const limitsHit = new Counter({
  name: 'scifi_limits_hit_total',
  help:
    'Requests that were refused by a limit: person_at_once, person_hourly, place_at_once, ' +
    'place_hourly, queue_full, queue_wait',
  labelNames: ['kind'],
  registers,
});

/** Adds Node's own metrics: memory, processor, event-loop delay, garbage collection. */
export function watchProcess(): void {
  collectDefaultMetrics({ register: registry });
}

/**
 * Adds the state of queues, read at every scrape.
 *
 * @param count jobs by state, of each queue; a queue that does not answer is left out of that scrape
 */
export function watchQueues(
  queues: Readonly<Record<string, () => Promise<Readonly<Record<string, number>>>>>,
): void {
  registry.removeSingleMetric('scifi_queue_jobs');
  new Gauge({
    name: 'scifi_queue_jobs',
    help: 'Jobs in a queue, by state; waiting and prioritized stories wait for a worker',
    labelNames: ['queue', 'state'],
    registers,
    async collect() {
      this.reset();
      await Promise.allSettled(
        Object.entries(queues).map(async ([queue, count]) => {
          for (const [state, jobs] of Object.entries(await count())) this.set({ queue, state }, jobs);
        }),
      );
    },
  });
}

/**
 * Adds the expected wait of a story that is requested now.
 *
 * @param read seconds; undefined while there is no worker
 */
export function watchExpectedWait(read: () => Promise<number | undefined>): void {
  registry.removeSingleMetric('scifi_expected_wait_seconds');
  new Gauge({
    name: 'scifi_expected_wait_seconds',
    help: 'Expected wait of a story that is requested now; absent while there is no worker',
    registers,
    async collect() {
      const seconds = await read().catch(() => undefined);
      if (seconds === undefined) this.remove();
      else this.set(seconds);
    },
  });
}

/** Adds the slots of this worker: the total, and those in use. */
export function watchSlots(read: () => { readonly active: number; readonly capacity: number }): void {
  registry.removeSingleMetric('scifi_slots');
  new Gauge({
    name: 'scifi_slots',
    help: 'Slots of this worker: the most stories at the same time (capacity), and those in progress (active)',
    labelNames: ['kind'],
    registers,
    collect() {
      const { active, capacity } = read();
      this.set({ kind: 'active' }, active);
      this.set({ kind: 'capacity' }, capacity);
    },
  });
}

/**
 * Adds the feedback on stories, read at every scrape. A gauge, because users take ratings back.
 *
 * @param read the totals of all days that are kept; a store that does not answer is left out of that scrape
 */
export function watchFeedback(read: () => Promise<readonly FeedbackCount[]>): void {
  registry.removeSingleMetric('scifi_feedback_votes');
  new Gauge({
    name: 'scifi_feedback_votes',
    help: 'Ratings of stories by users who have not taken them back; all bots report the same',
    labelNames: ['platform', 'model', 'preset', 'verdict'],
    registers,
    async collect() {
      const counts = await read().catch(() => undefined);
      this.reset();
      for (const { platform, model, preset, verdict, votes } of counts ?? []) {
        // Days and versions of a model are no labels: their number grows without bound.
        this.inc({ platform, model, preset, verdict }, votes);
      }
    },
  });
}
