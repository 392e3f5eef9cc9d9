import { randomUUID } from 'node:crypto';
import type { TestContext } from 'node:test';
import { pino } from 'pino';
import { createWebServer, type WebServerOptions } from '../../../src/bots/web/server.ts';
import { StoryError } from '../../../src/errors.ts';
import { type ModelChoice, STORY_BOUNDS, type StoryRequest } from '../../../src/story/story.ts';
import { samplingGiven } from '../../../src/story/story-request.ts';
import { FakeWebReplies } from '../../fakes/web-replies.ts';

export const MODELS: ModelChoice[] = [
  { name: 'scifi', title: 'Science fiction', description: 'Pulp magazines of the 1930s to 1950s.' },
  { name: 'melville', title: 'Melville', description: 'The sea.' },
];

/** A stand-in for the shared parser: the same contract, with fewer checks. */
export function parseRequest(input: unknown): StoryRequest {
  const {
    prompt,
    context = '',
    preset,
    temperature,
    length = 1_200,
    seed = 7,
    model = 'scifi',
    brief,
  } = Object(input);
  if (typeof prompt !== 'string' || typeof context !== 'string') {
    throw new StoryError('bad_request', 'The prompt must be text.');
  }
  if (prompt.length > STORY_BOUNDS.prompt.max || context.length > STORY_BOUNDS.context.max) {
    throw new StoryError('bad_request', 'A prompt can have at most 2,000 characters. Shorten it.');
  }
  for (const [name, value] of Object.entries({ temperature, length, seed })) {
    if (name === 'temperature' && value === undefined) continue;
    if (typeof value !== 'number') throw new StoryError('bad_request', `The ${name} must be a number.`);
  }
  if (!MODELS.some(({ name }) => name === model)) throw new StoryError('model_unavailable', 'No such model.');
  const sampling = samplingGiven({ preset, temperature });
  return {
    prompt: prompt.replace(/^\/scifi /, ''),
    context,
    ...sampling,
    length,
    seed,
    model,
    ...(brief ? { brief } : {}),
  };
}

/** A server on a free port with its fake queue and its captured log; closed when the test ends. */
export interface TestServer {
  url: string;
  replies: FakeWebReplies;
  log: string[];
  close: () => Promise<void>;
}

/** Starts a web server for one test. */
export async function startServer(
  t: Pick<TestContext, 'after'>,
  options: Partial<WebServerOptions> & { replies?: FakeWebReplies } = {},
): Promise<TestServer> {
  const log: string[] = [];
  const logger = pino({ level: 'trace' }, { write: (line: string) => void log.push(line) });
  const replies = options.replies ?? new FakeWebReplies();
  const server = createWebServer({ models: MODELS, parseRequest, logger, port: 0, ...options, replies });
  const url = await server.listen();
  t.after(() => {
    replies.forget();
    return server.close();
  });
  return { url, replies, log, close: () => server.close() };
}

export function post(
  url: string,
  body: unknown = {},
  headers: Record<string, string> = {},
): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: text,
  });
}

/** Starts a reply and returns its id. */
export async function ask(
  server: TestServer,
  prompt = 'It all began with',
  headers: Record<string, string> = {},
): Promise<string> {
  const id = randomUUID();
  const response = await post(`${server.url}/api/replies`, { id, prompt }, headers);
  if (response.status !== 202)
    throw new Error(`Expected 202, got ${response.status}: ${await response.text()}`);
  await response.arrayBuffer();
  return id;
}

/** The error of a refused request; fails when the answer has any other shape. */
export async function errorOf(response: Response): Promise<{ code: string; message: string }> {
  const body = JSON.parse(await response.text());
  const keys = Object.keys(body);
  if (keys.join() !== 'error') throw new Error(`Expected {error}, got ${JSON.stringify(body)}`);
  const { code, message } = body.error;
  if (typeof code !== 'string' || typeof message !== 'string')
    throw new Error('Expected a code and a message');
  if (!/^[A-Z].*[.!]$/s.test(message) || /\bat .*:\d+:\d+|node_modules/.test(message)) {
    throw new Error(`Expected a sentence, got: ${message}`);
  }
  return body.error;
}
