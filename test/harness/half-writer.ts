/**
 * A worker that writes the beginning of every story and hands it over when it closes, and a successor that
 * would have written another text.
 */
import { pino } from 'pino';
import type { Storyteller, TellOptions } from '../../src/generator/storyteller.ts';
import type { QueueConnection } from '../../src/queue/connection.ts';
import type { Stories } from '../../src/queue/stories.ts';
import { StoryWorker } from '../../src/queue/story-worker.ts';
import type { Story, StoryRequest } from '../../src/story/story.ts';
import { fakeStoryteller, undisturbedText } from '../fakes/fake-storyteller.ts';
import { type StartedWorker, startStoryWorker } from './story-worker.ts';

const CREDITS = { modelVersion: 'fake-1', engine: 'onnx' };
const logger = pino({ level: 'silent' });

const PHRASE = ' a word of the first writer';
const PHRASES = 160;
const PHRASE_MS = 100;
/** What the worker writes after a prompt. */
export const HALF = PHRASE.repeat(PHRASES);

/** The request of a story that both write, with the seed that the harnesses draw. */
export const TWICE: StoryRequest = {
  prompt: 'It began twice,',
  context: '',
  temperature: 0.4,
  length: 600,
  seed: 7,
  model: 'scifi',
};

/** The story as the successor writes it. */
export function textOfSuccessor(): Promise<string> {
  const { prompt, length, seed } = TWICE;
  return undisturbedText(fakeStoryteller().storyteller, prompt, length, seed, 'lively');
}

/** Starts that worker. */
export async function startHalfWriter(connection: QueueConnection, stories: Stories): Promise<StoryWorker> {
  const tell = ({ prompt }: StoryRequest, { signal, onWord }: TellOptions) =>
    new Promise<Story>((resolve) => {
      // Replies store the ids of their messages with the next snapshot, so that there are several.
      let phrases = PHRASES - 10;
      const text = () => prompt + PHRASE.repeat(phrases);
      const timer = setInterval(() => {
        phrases = Math.min(PHRASES, phrases + 1);
        onWord?.(text, () => ({}));
      }, PHRASE_MS);
      const stop = () => {
        clearInterval(timer);
        resolve({ text: text(), ending: 'stopped', ...CREDITS, unreadable: 0 });
      };
      // A worker that closes may take a story that it has just handed over.
      if (signal?.aborted) stop();
      else signal?.addEventListener('abort', stop);
    });
  const storyteller = { credits: CREDITS, continues: () => true, unreadable: () => 0, tell };
  const worker = new StoryWorker({
    ...{ connection, stories, logger, concurrency: 8 },
    storyteller: () => storyteller as unknown as Storyteller,
  });
  await worker.ready();
  return worker;
}

/** Starts the successor. */
export function startOtherWriter(connection: QueueConnection, stories: Stories): Promise<StartedWorker> {
  return startStoryWorker(connection, stories, logger, {
    name: 'integer-1',
    capacity: 8,
    stepsPerDecode: 8,
  });
}
