/** A refusal, as Slack words it: a code, and sometimes what else stands in the answer. */
export class Refusal extends Error {
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, details: Readonly<Record<string, unknown>> = {}) {
    super(code);
    this.code = code;
    this.details = details;
  }
}

/** Slack's complaint about one place in what it was given. */
export function complaint(code: string, place: string, what: string): Refusal {
  const messages = [`[ERROR] ${what} [json-pointer:${place}]`];
  return new Refusal(code, { response_metadata: { messages } });
}
