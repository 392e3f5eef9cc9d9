/** How the fake Discord refuses a call. */

/** A refusal, in Discord's words. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: number;
  /** What is wrong with which field. */
  readonly errors: object | undefined;

  constructor(status: number, code: number, message: string, errors?: object) {
    super(message);
    this.status = status;
    this.code = code;
    this.errors = errors;
  }
}

export const UNKNOWN_CHANNEL = () => new Refusal(404, 10_003, 'Unknown Channel');
export const UNKNOWN_MESSAGE = () => new Refusal(404, 10_008, 'Unknown Message');
export const UNKNOWN_WEBHOOK = () => new Refusal(404, 10_015, 'Unknown Webhook');
export const UNKNOWN_INTERACTION = () => new Refusal(404, 10_062, 'Unknown interaction');
export const ACKNOWLEDGED = () => new Refusal(400, 40_060, 'Interaction has already been acknowledged.');
export const MISSING_ACCESS = () => new Refusal(403, 50_001, 'Missing Access');
export const MISSING_PERMISSIONS = () => new Refusal(403, 50_013, 'Missing Permissions');
export const EMPTY_MESSAGE = () => new Refusal(400, 50_006, 'Cannot send an empty message');
export const INVALID_TOKEN = () => new Refusal(401, 50_027, 'Invalid Webhook Token');
export const INVALID_FORM = (what: string) => new Refusal(400, 50_035, `Invalid Form Body: ${what}`);
export const AUTOMOD = () => new Refusal(400, 200_000, 'Content blocked by AutoMod');

/** Discord's answer to a field that it does not accept, at a path such as `components.0.type`. */
export function INVALID_FIELD(path: string, code: string, message: string): Refusal {
  const errors = path.split('.').reduceRight<object>((inner, key) => ({ [key]: inner }), {
    _errors: [{ code, message }],
  });
  return new Refusal(400, 50_035, 'Invalid Form Body', errors);
}
