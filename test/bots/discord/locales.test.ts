/** The commands in the languages of Discord's clients. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { commandsFor } from '../../../src/bots/discord/commands.ts';
import { TRANSLATIONS } from '../../../src/bots/discord/locales/locales.ts';
import type { TextPath } from '../../../src/bots/discord/locales/translation.ts';
import { PRESETS } from '../../../src/story/story.ts';
import { checkCommands, shownIn, sizeOf } from '../../fakes/discord/commands.ts';
import { type DiscordHarness, openDiscord } from '../../harness/discord.ts';

interface Described {
  name: string;
  description: string;
  name_localizations: Record<string, string>;
  description_localizations: Record<string, string>;
  choices?: (Described & { value: string })[];
  options?: Described[];
}

const LOCALES = Object.keys(TRANSLATIONS);
/** How each language says that a text is in English. */
const ENGLISH: Record<keyof typeof TRANSLATIONS, RegExp> = {
  de: /Englisch/,
  'es-419': /inglés/,
  'es-ES': /inglés/,
  fr: /anglais/,
  it: /inglese/,
  ja: /英語/,
  ko: /영어/,
  pl: /po angielsku/,
  'pt-BR': /inglês/,
  ru: /на английском/,
  tr: /İngilizce/,
};
/** What users have to type or to recognise as it is written. */
const LITERALS = new RegExp(
  String.raw`\d+(?:\.\d+)?|\b(?:${PRESETS.join('|')}|epub)\b|Europe/Vienna|UTC|It all began with`,
  'g',
);
const MODELS = [{ name: 'tiny', title: 'A tiny model', description: '' }];

describe('the commands of Discord in other languages', () => {
  const commands = commandsFor(MODELS) as unknown as Described[];
  const flat = (all: readonly Described[]): Described[] =>
    all.flatMap((one) => [one, ...flat(one.options ?? [])]);
  const [chat, menu] = [commands.filter(({ description }) => description), commands[1]!];
  const texts = flat(chat);
  const choices = texts.filter(({ name }) => name !== 'model').flatMap((option) => option.choices ?? []);

  it('are accepted, in ten languages besides English', () => {
    checkCommands(commands);
    assert.equal(new Set(Object.values(TRANSLATIONS)).size, 10);
  });

  it('would be refused with a text that Discord refuses', () => {
    const mistakes: [Partial<Described>, RegExp][] = [
      [{ name_localizations: { de: 'Anfang' } }, /name Anfang/],
      [{ name_localizations: { fr: 'le début' } }, /name le début/],
      [{ name_localizations: { de: 'modell' } }, /DUPLICATE_NAME in de/],
      [{ name_localizations: { nl: 'seed' } }, /DUPLICATE_NAME in nl/],
      [{ name_localizations: { es: 'inicio' } }, /unknown locale es/],
      [{ description_localizations: { it: 'x'.repeat(101) } }, /description: 1 to 100/],
      [{ description_localizations: { it: '' } }, /description: 1 to 100/],
    ];
    for (const [mistake, refusal] of mistakes) {
      const [first, ...others] = commands[0]!.options!;
      const story = { ...commands[0]!, options: [{ ...first!, ...mistake }, ...others] };
      assert.throws(() => checkCommands([story]), { message: refusal });
    }
    const choices = Array.from({ length: 25 }, (_, index) => ({
      name: `${index}`.padEnd(100, 'c'),
      name_localizations: { de: `${index}` },
      value: `${index}`.padEnd(100, 'v'),
    }));
    const options = ['a', 'b'].map((name) => ({ type: 3, name, description: 'Many choices', choices }));
    const large = { name: 'large', description: 'A command of 10,000 characters', options };
    assert.throws(() => checkCommands([large]), { message: /TOO_LARGE/ });
  });

  it('have a name and a description in each language, of each command, option and choice', () => {
    assert.ok(texts.length > 40 && choices.length > 10);
    for (const { name, name_localizations, description_localizations } of texts) {
      assert.deepEqual(Object.keys(name_localizations), LOCALES, name);
      assert.deepEqual(Object.keys(description_localizations), LOCALES, name);
    }
    for (const { name, name_localizations } of [...choices, menu]) {
      assert.deepEqual(Object.keys(name_localizations), LOCALES, name);
      for (const text of Object.values(name_localizations)) assert.notEqual(text, name);
    }
    for (const { description, description_localizations } of texts) {
      for (const text of Object.values(description_localizations)) assert.notEqual(text, description);
    }
  });

  it('name the same numbers, presets and examples in each language', () => {
    const literals = (text: string) => (text.match(LITERALS) ?? []).toSorted();
    for (const { description, description_localizations } of texts) {
      for (const text of Object.values(description_localizations)) {
        assert.deepEqual(literals(text), literals(description), text);
      }
    }
    for (const { name, name_localizations } of choices) {
      for (const text of Object.values(name_localizations))
        assert.deepEqual(literals(text), literals(name), text);
    }
  });

  it('keep the name scifi at their beginning, so that it finds all of them', () => {
    for (const { name, name_localizations } of chat) {
      for (const text of Object.values(name_localizations)) {
        assert.ok(name === 'scifi' ? text === name : text.startsWith('scifi-'), text);
      }
    }
  });

  it('say where a story is in English', () => {
    assert.match(chat[0]!.description, /in English/);
    const paths: TextPath[] = [
      'scifi',
      'scifi prompt',
      'scifi-vote prompt',
      'scifi-channel',
      'scifi-channel on',
      'scifi-channel daily',
    ];
    for (const [locale, english] of Object.entries(ENGLISH)) {
      const translation = TRANSLATIONS[locale as keyof typeof TRANSLATIONS];
      for (const path of paths) assert.match(translation.texts[path][1], english);
    }
  });

  it('fit into a command of the largest size with as many models as Discord takes', () => {
    const models = Array.from({ length: 25 }, (_, index) => ({
      name: `${index}`.padStart(64, 'm'),
      title: `${index} `.repeat(60),
      description: '',
    }));
    checkCommands(commandsFor(models));
    for (const command of chat) assert.ok(sizeOf(command) < 3_000, command.name);
  });
});

describe('the registration of Discord commands in all languages', { timeout: 240_000 }, () => {
  let harness: DiscordHarness;

  before(async () => {
    harness = await openDiscord({ worker: false });
  });
  after(() => harness.close());

  const registrations = () => harness.discord.log.filter(({ method }) => method === 'PUT').length;
  const registered = () => harness.discord.world.commands.get('global') as unknown as Described[];

  it('happens at the first start, and not again until a command changes', async () => {
    assert.equal(registrations(), 1);
    await harness.restart();
    assert.equal(registrations(), 1);
    await harness.restart({ models: MODELS });
    assert.equal(registrations(), 2);
  });

  it('shows them in the language of the client', () => {
    const inGerman = shownIn(registered(), 'de') as (Described & Record<string, unknown>)[];
    assert.equal(inGerman[0]!.name_localized, 'scifi');
    assert.match(String(inGerman[0]!.description_localized), /auf Englisch$/);
    assert.equal(inGerman[1]!.name_localized, 'Als Science-Fiction fortsetzen');
    const options = inGerman[0]!.options as unknown as Record<string, unknown>[];
    assert.deepEqual([options[0]!.name, options[0]!.name_localized], ['prompt', 'anfang']);
    const [inDutch] = shownIn(registered(), 'nl') as (Described & Record<string, unknown>)[];
    assert.equal(inDutch!.name_localized, undefined);
  });
});
