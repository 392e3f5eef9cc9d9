/**
 * The settings as given, before their values are parsed: removes accidental characters around values, and
 * finds names that belong to no setting.
 */
import { closest, distance } from 'fastest-levenshtein';
import { SETTINGS } from './settings.ts';

export interface GivenSettings {
  /** Settings by name, without those that are empty. */
  readonly given: Readonly<Record<string, string>>;
  /** Mistakes that prevent a start. */
  readonly mistakes: string[];
  /** Corrections made, and probable mistakes. */
  readonly notices: string[];
}

/** Chosen by an operator: white space and quotes in them may be intended. */
const PASSWORDS: readonly string[] = [
  'SCIFI_BOARD_PASSWORD',
  'REDIS_SENTINEL_USERNAME',
  'REDIS_SENTINEL_PASSWORD',
];
/** Issued by a platform, and so made of visible ASCII. */
const CREDENTIAL = /^(?:DISCORD|SLACK)_\w*(?:TOKEN|SECRET|KEY|ID)$/;
/** Characters copied by accident along with a value: white space, and invisible characters. */
const AROUND = /^[\s\p{Cf}]+|[\s\p{Cf}]+$/gu;
const QUOTED = /^(["'`])(.*)\1$/s;
/** A name within this distance of a setting's is a misspelling of it. */
const MISSPELT_DISTANCE = 2;
/** A name within this distance of a setting's may be a misspelling of it. */
const SIMILAR_DISTANCE = 5;
/** Names with these prefixes are, or are meant as, this program's settings. */
const OUR_PREFIX = /^(?:SCIFI|DISCORD|SLACK)_/;
/** OpenTelemetry reads its variables itself. */
const FOREIGN_PREFIX = /^OTEL_/;

/** Reads the environment's names and values, without validating the values. */
export function readGiven(environment: Readonly<Record<string, string | undefined>>): GivenSettings {
  const given: Record<string, string> = {};
  const mistakes: string[] = [];
  const notices: string[] = [];
  for (const [name, raw] of Object.entries(environment)) {
    if (!raw?.trim()) continue;
    if (SETTINGS.includes(name)) {
      given[name] = stripped(name, raw, notices);
      if (CREDENTIAL.test(name) && !/^[!-~]*$/.test(given[name])) {
        mistakes.push(`${name}: contains white space or letters that no such value contains; copy it again`);
      }
    }
  }
  for (const name of Object.keys(environment)) {
    if (SETTINGS.includes(name) || FOREIGN_PREFIX.test(name) || !environment[name]?.trim()) continue;
    reportUnknown(name, given, mistakes, notices);
  }
  return { given, mistakes, notices };
}

function stripped(name: string, raw: string, notices: string[]): string {
  if (PASSWORDS.includes(name)) {
    const value = raw.replace(/[\r\n]+$/, '');
    if (value.trim() !== value)
      notices.push(`${name} begins or ends with white space, which counts as part of it.`);
    return value;
  }
  const bare = raw.replace(AROUND, '');
  const value = QUOTED.exec(bare)?.[2]?.replace(AROUND, '') ?? bare;
  if (value !== raw) notices.push(`${name}: the white space or quotes around its value were left out.`);
  return value;
}

function reportUnknown(
  name: string,
  given: Readonly<Record<string, string>>,
  mistakes: string[],
  notices: string[],
): void {
  const upper = name.toUpperCase();
  const meant = closest(upper, SETTINGS as string[]);
  const edits = distance(upper, meant);
  const isMisspelt = edits <= MISSPELT_DISTANCE && !(meant in given);
  if (isMisspelt) mistakes.push(`${name}: there is no such setting (did you mean ${meant}?)`);
  else if (name.startsWith('SCIFI_')) {
    mistakes.push(`${name}: there is no such setting (.env.example lists them all)`);
  } else if (OUR_PREFIX.test(upper)) {
    const question = edits <= SIMILAR_DISTANCE ? `; did you mean ${meant}?` : '.';
    notices.push(`${name}: there is no such setting, and nothing reads it${question}`);
  }
}
