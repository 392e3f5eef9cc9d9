/**
 * How the fake tells an app of things: over Socket Mode, or signed over HTTP. Slack waits three seconds for
 * an answer; events come again when there was none, commands and buttons do not.
 */
import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Wire } from './payloads.ts';
import type { FakeSocketMode } from './socket-mode.ts';
import type { FakeTeam } from './world.ts';

export type DeliveryKind = 'events_api' | 'interactive' | 'slash_commands';

export interface Attempt {
  readonly at: number;
  /** Of HTTP; 0 when there was no answer. */
  readonly status?: number;
}

/** Something that the app was told, and what became of it. */
export interface Delivery {
  readonly kind: DeliveryKind;
  readonly team: FakeTeam;
  readonly payload: Wire;
  readonly createdAt: number;
  readonly attempts: Attempt[];
  acknowledgedAt?: number;
  /** What the app said as it acknowledged: its answer to a command. */
  answer?: Wire;
  /** What the person reads instead of an answer. */
  failure?: 'dispatch_failed' | 'operation_timeout';
  /** Settled when the app was told for the last time. */
  readonly done: Promise<void>;
}

export interface DeliveryClocks {
  /** How long Slack waits for an answer. */
  acknowledgeMs: number;
  /** After how long an event comes again. */
  retryMs: readonly number[];
}

export interface DeliveryRoute {
  readonly socket: FakeSocketMode;
  readonly signingSecret: string;
  readonly clocks: DeliveryClocks;
  /** Where the app listens; undefined for Socket Mode. */
  readonly requestUrl: () => string | undefined;
  /** Aborted when the fake stops. */
  readonly signal: AbortSignal;
}

interface Heard {
  readonly isAcknowledged: boolean;
  readonly at: number;
  readonly answer: Wire | undefined;
  readonly reason: string;
  readonly isRetryRefused: boolean;
  readonly status: number | undefined;
}

/** Tells the app of something. */
export function deliver(
  kind: DeliveryKind,
  team: FakeTeam,
  payload: Wire,
  route: DeliveryRoute,
  first = 0,
): Delivery {
  const attempts: Attempt[] = [];
  let finish = () => {};
  const done = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const delivery: Delivery = { kind, team, payload, createdAt: Date.now(), attempts, done };
  attemptAll(delivery, route, first)
    .catch(() => {})
    .finally(finish);
  return delivery;
}

async function attemptAll(delivery: Delivery, route: DeliveryRoute, first: number): Promise<void> {
  const { kind, attempts } = delivery;
  const pauses = kind === 'events_api' ? route.clocks.retryMs : [];
  let reason = '';
  for (let attempt = 0; ; attempt++) {
    const at = Date.now();
    const heard = await attemptOnce(delivery, route, first + attempt, reason);
    attempts.push({ at, ...(heard.status === undefined ? {} : { status: heard.status }) });
    if (heard.isAcknowledged) {
      delivery.acknowledgedAt ??= heard.at;
      if (heard.answer) delivery.answer = heard.answer;
      return;
    }
    ({ reason } = heard);
    if (kind !== 'events_api') {
      delivery.failure = reason === 'http_timeout' ? 'operation_timeout' : 'dispatch_failed';
    }
    if (heard.isRetryRefused || pauses[attempt] === undefined) return;
    await sleep(pauses[attempt], undefined, { signal: route.signal, ref: false });
  }
}

async function attemptOnce(
  delivery: Delivery,
  route: DeliveryRoute,
  attempt: number,
  reason: string,
): Promise<Heard> {
  const url = route.requestUrl();
  if (url !== undefined) return overHttp(url, delivery, route, attempt, reason);
  const { kind, payload } = delivery;
  const retry = kind === 'events_api' ? { retry_attempt: attempt, retry_reason: reason } : {};
  const envelope = { type: kind, payload, accepts_response_payload: kind !== 'events_api', ...retry };
  const before = Date.now();
  const heard = await route.socket.send(envelope, route.clocks.acknowledgeMs);
  const isLate = Date.now() - before >= route.clocks.acknowledgeMs;
  return {
    isAcknowledged: heard !== undefined,
    at: heard?.at ?? 0,
    answer: heard?.payload,
    reason: isLate ? 'http_timeout' : 'connection_failed',
    isRetryRefused: false,
    status: undefined,
  };
}

async function overHttp(
  url: string,
  { kind, payload }: Delivery,
  { signingSecret, clocks }: DeliveryRoute,
  attempt: number,
  reason: string,
): Promise<Heard> {
  const { body, type } = encode(kind, payload);
  const retry: Record<string, string> =
    attempt > 0 ? { 'x-slack-retry-num': String(attempt), 'x-slack-retry-reason': reason } : {};
  const nothing = { isAcknowledged: false, at: 0, answer: undefined, isRetryRefused: false };
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': type, ...signed(body, signingSecret), ...retry },
      body,
      signal: AbortSignal.timeout(clocks.acknowledgeMs),
    });
    const text = await response.text();
    const { status, headers } = response;
    return {
      isAcknowledged: response.ok,
      at: Date.now(),
      answer: readAnswer(text),
      reason: 'http_error',
      isRetryRefused: headers.get('x-slack-no-retry') === '1',
      status,
    };
  } catch (error) {
    const isTimeout = (error as Error).name === 'TimeoutError';
    return { ...nothing, reason: isTimeout ? 'http_timeout' : 'connection_failed', status: 0 };
  }
}

/** Signs as Slack does. */
export function signed(
  body: string,
  secret: string,
  timestamp = Math.floor(Date.now() / 1_000),
): Record<string, string> {
  const digest = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex');
  return { 'x-slack-request-timestamp': String(timestamp), 'x-slack-signature': `v0=${digest}` };
}

function encode(kind: DeliveryKind, payload: Wire): { readonly body: string; readonly type: string } {
  if (kind === 'events_api') return { body: JSON.stringify(payload), type: 'application/json' };
  const form = kind === 'interactive' ? { payload: JSON.stringify(payload) } : payload;
  return {
    body: new URLSearchParams(form as Record<string, string>).toString(),
    type: 'application/x-www-form-urlencoded',
  };
}

/** An answer may be empty, a text, or JSON. */
function readAnswer(text: string): Wire | undefined {
  if (text === '') return undefined;
  try {
    const parsed = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? parsed : { text };
  } catch {
    return { text };
  }
}
