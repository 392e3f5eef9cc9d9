/** The commands in the languages of Discord's clients. Users of other languages see English. */
import type { Locale, LocalizationMap } from 'discord.js';
import { FRENCH } from './french.ts';
import { GERMAN } from './german.ts';
import { ITALIAN } from './italian.ts';
import { JAPANESE } from './japanese.ts';
import { KOREAN } from './korean.ts';
import { POLISH } from './polish.ts';
import { PORTUGUESE } from './portuguese.ts';
import { RUSSIAN } from './russian.ts';
import { SPANISH } from './spanish.ts';
import type { ChoicePath, TextPath, Translation } from './translation.ts';
import { TURKISH } from './turkish.ts';

/**
 * Ten languages besides English. Discord publishes no figures of its languages; these are the official ones of the
 * countries with the most users by estimates of its traffic, as far as Discord's client has them.
 */
export const TRANSLATIONS = {
  de: GERMAN,
  'es-419': SPANISH,
  'es-ES': SPANISH,
  fr: FRENCH,
  it: ITALIAN,
  ja: JAPANESE,
  ko: KOREAN,
  pl: POLISH,
  'pt-BR': PORTUGUESE,
  ru: RUSSIAN,
  tr: TURKISH,
} as const satisfies Partial<Record<`${Locale}`, Translation>>;

/** A command, subcommand or option in each language, as fields of its registration. */
export function localizedText(path: TextPath): {
  readonly name_localizations: LocalizationMap;
  readonly description_localizations: LocalizationMap;
} {
  return {
    name_localizations: inEach(({ texts }) => texts[path][0]),
    description_localizations: inEach(({ texts }) => texts[path][1]),
  };
}

/** A choice of an option in each language. */
export function localizedChoice(path: ChoicePath): { readonly name_localizations: LocalizationMap } {
  return { name_localizations: inEach(({ choices }) => choices[path]) };
}

/** The entry in the menu of a message in each language. */
export function localizedContinue(): { readonly name_localizations: LocalizationMap } {
  return { name_localizations: inEach((translation) => translation.continue) };
}

function inEach(read: (translation: Translation) => string): LocalizationMap {
  return Object.fromEntries(Object.entries(TRANSLATIONS).map(([locale, one]) => [locale, read(one)]));
}
