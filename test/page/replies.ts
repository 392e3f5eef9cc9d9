import type { Ask, Reply } from '../../src/page/reply.ts';
import type { ReplyState } from '../../src/story/story.ts';

export const ASK: Ask = {
  prompt: 'It',
  context: '',
  preset: 'classic',
  temperature: 0.4,
  length: 1_200,
  seed: 7,
  model: 'scifi',
};

export function finished(text: string, ending: 'complete' | 'stopped' = 'complete'): ReplyState {
  return { status: 'finished', text, ending, modelVersion: 'abc123', engine: 'onnx', unreadable: 0 };
}

/** A reply for tests. */
export function reply(state: ReplyState, ask: Partial<Ask> = {}, id = 'id'): Reply {
  return { id, thread: 'thread', ask: { ...ASK, ...ask }, state, submitted: true };
}
