/**
 * A discrete-event simulation of workers that write stories by continuous batching: stories arrive at random,
 * wait in one queue, get a slot of a worker, and grow with every step of its scheduler. The duration of a
 * step by its number of stories is an input, measured or assumed.
 */
import { uniformAt } from '../../src/generator/sampler.ts';

/** The capabilities of one worker. */
export interface Writer {
  /** Number of stories that it writes at the same time. */
  readonly slots: number;
  /** Number of stories that it takes from the queue beyond those. */
  readonly ahead: number;
  /** Characters by which every active story grows in a step. */
  readonly charactersPerStep: number;
  /** Milliseconds of a step with this many stories in it. */
  stepMs(stories: number): number;
}

export interface Load {
  readonly storiesPerSecond: number;
  readonly seconds: number;
  /** Characters that are read before the first one is written. */
  readonly prompt: number;
  /** Characters of stories, without prompts; drawn at random. */
  readonly lengths: readonly number[];
  readonly seed: number;
}

export interface Outcome {
  /** Milliseconds in ascending order, one value per story: from its arrival to its slot, */
  readonly waits: readonly number[];
  /** from its slot to its end, */
  readonly writings: readonly number[];
  /** and from its arrival to its first word. */
  readonly firsts: readonly number[];
  /** Share of the time in which workers were busy. */
  readonly busy: number;
  /** Mean number of active stories while a worker is busy. */
  readonly batch: number;
}

interface Story {
  readonly arrivedAt: number;
  /** Steps until its first word and until its end. */
  stepsToFirst: number;
  stepsLeft: number;
  startedAt: number;
}

interface Worker {
  active: Story[];
  readonly taken: Story[];
  stepEndsAt: number;
}

/** Characters of a first word with the following space, which shows that the word is complete. */
const FIRST_WORD = 6;
/** Share of the stories during which the queues are still filling; they are not counted. */
const WARM_UP = 0.1;

/** Runs `workers` writers until every story that arrives has ended. */
export function simulate(writer: Writer, workers: number, load: Load): Outcome {
  const arriving = arrivals(writer, load);
  const crew = Array.from(
    { length: workers },
    (): Worker => ({ active: [], taken: [], stepEndsAt: Infinity }),
  );
  const queue: Story[] = [];
  const ended: { story: Story; firstAt: number; endedAt: number }[] = [];
  const firsts = new Map<Story, number>();
  let turn = 0;
  let busyMs = 0;
  let storyMs = 0;
  let now = 0;

  const begin = (worker: Worker) => {
    while (worker.active.length < writer.slots && worker.taken.length > 0) {
      const story = worker.taken.shift()!;
      story.startedAt = now;
      worker.active.push(story);
    }
    const ms = worker.active.length === 0 ? Infinity : writer.stepMs(worker.active.length);
    worker.stepEndsAt = now + ms;
    if (ms === Infinity) return;
    busyMs += ms;
    storyMs += ms * worker.active.length;
  };
  const hasRoom = ({ active, taken }: Worker) => active.length + taken.length < writer.slots + writer.ahead;
  const give = (worker: Worker, story: Story) => {
    worker.taken.push(story);
    if (worker.stepEndsAt === Infinity) begin(worker);
  };

  for (let next = 0; ; ) {
    let first = crew[0]!;
    for (const worker of crew) if (worker.stepEndsAt < first.stepEndsAt) first = worker;
    const arrival = arriving[next];
    if (arrival && arrival.arrivedAt <= first.stepEndsAt) {
      now = arrival.arrivedAt;
      next++;
      // Round robin: the worker that has waited longest for a story gets it.
      const free = crew.findIndex((_, index) => hasRoom(crew[(turn + index) % workers]!));
      if (free < 0) queue.push(arrival);
      else {
        turn += free + 1;
        give(crew[(turn - 1) % workers]!, arrival);
      }
      continue;
    }
    if (first.stepEndsAt === Infinity) break;
    now = first.stepEndsAt;
    for (const story of first.active) {
      if (--story.stepsToFirst === 0) firsts.set(story, now);
      if (--story.stepsLeft === 0) ended.push({ story, firstAt: firsts.get(story)!, endedAt: now });
    }
    first.active = first.active.filter((story) => story.stepsLeft > 0);
    while (queue.length > 0 && hasRoom(first)) first.taken.push(queue.shift()!);
    begin(first);
  }

  const counted = ended.slice(Math.floor(ended.length * WARM_UP));
  const sorted = (of: (one: (typeof ended)[number]) => number) => counted.map(of).toSorted((a, b) => a - b);
  return {
    waits: sorted(({ story }) => story.startedAt - story.arrivedAt),
    writings: sorted(({ story, endedAt }) => endedAt - story.startedAt),
    firsts: sorted(({ story, firstAt }) => firstAt - story.arrivedAt),
    busy: busyMs / (now * workers),
    batch: storyMs / busyMs,
  };
}

/** Stories by arrival time, with exponential pauses (a Poisson process). */
function arrivals(writer: Writer, { storiesPerSecond, seconds, prompt, lengths, seed }: Load): Story[] {
  const stories: Story[] = [];
  const steps = (characters: number) => Math.ceil(characters / writer.charactersPerStep);
  let at = 0;
  for (let index = 0; ; index++) {
    at -= (Math.log(1 - uniformAt(seed, index, 0)) / storiesPerSecond) * 1_000;
    if (at > seconds * 1_000) return stories;
    const length = lengths[Math.floor(uniformAt(seed, index, 1) * lengths.length)]!;
    stories.push({
      arrivedAt: at,
      stepsToFirst: steps(prompt + Math.min(length, FIRST_WORD)),
      stepsLeft: steps(prompt + length),
      startedAt: Number.NaN,
    });
  }
}

/** The value below which a share of sorted values lies. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

/** A piecewise linear function through measured points, extrapolated from the last two. */
export function interpolate(points: readonly (readonly [number, number])[]): (x: number) => number {
  return (x) => {
    const upper = points.findIndex(([at]) => at >= x);
    const index = upper < 0 ? points.length - 1 : Math.max(1, upper);
    const [x0, y0] = points[index - 1]!;
    const [x1, y1] = points[index]!;
    return y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
  };
}
