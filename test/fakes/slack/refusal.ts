/** A call that Slack answers with `ok: false`. */
export class Refusal extends Error {
  readonly code: string;
  /** Details that Slack adds: the positions of the faults. */
  readonly messages: readonly string[];

  constructor(code: string, messages: readonly string[] = []) {
    super(`${code} ${messages.join(' ')}`);
    this.code = code;
    this.messages = messages;
  }
}
