/**
 * The words that a bot may not write. This file holds slurs, because the filter needs them.
 *
 * A letter in brackets is optional; `*` at the end or the beginning lets a word continue there; a phrase has
 * a space before its last word, and also matches its spelling with a hyphen and as one word. Letter case,
 * accents, lookalikes and leet need no entries. A letter written once matches one or more of it; a letter
 * written twice matches two or more.
 */

/**
 * How a word is filtered.
 *
 * - `slur`: tier one. Never written by the network, and a prompt that has one is declined.
 * - `ambiguous`: tier one for the network, which can always choose another word. A user may mean another
 *   sense (a chink of light, a coon dog, the history of a people), so a prompt that has one is accepted.
 * - `vulgar`: tier two. Written and masked.
 */
export type Kind = 'slur' | 'ambiguous' | 'vulgar';

/** Words of one kind. */
export interface WordClass {
  readonly kind: Kind;
  readonly words: readonly string[];
}

export const WORD_CLASSES: readonly WordClass[] = [
  // Against Black people. Has no other sense in English, so every word that contains it matches.
  {
    kind: 'slur',
    words: [
      '*nigger*',
      'nigga[h][s]',
      'niggar[s]',
      'nigguh[s]',
      'nignog[s]',
      'niglet[s]',
      'nig[s]',
      'nigre[s]',
      'kigger[s]',
      'wigger[s]',
      'whigger[s]',
      'schvartze[s]',
    ],
  },
  // Against Black people, with no other sense that a story needs.
  {
    kind: 'slur',
    words: [
      'coons',
      'coonass',
      'darky',
      'darkie[s]',
      'darkey[s]',
      'sambos',
      'pickaninny',
      'pickaninnies',
      'picaninny',
      'picaninnies',
      'jigaboo[s]',
      'golliwog[s]',
      'kafir[s]',
      'kaffer[s]',
      'spearchucker[s]',
      'burrhead[s]',
      'jungle bunny',
      'jungle bunnies',
      'porch monkey[s]',
      'tar baby',
      'tar babies',
      'fuzzy wuzzy',
      'fuzzy wuzzies',
    ],
  },
  // Common in the period's texts; not used for people today, but part of names and of history.
  {
    kind: 'ambiguous',
    words: [
      'negro',
      'negros',
      'negroes',
      'negress',
      'negresses',
      'negroid[s]',
      'coon',
      'sambo',
      'blackamoor[s]',
      'hottentot[s]',
      'half breed[s]',
      'half caste[s]',
      'mulatto',
      'mulattoes',
      'mulattos',
      'quadroon[s]',
      'octoroon[s]',
    ],
  },
  // Against people of East and South Asia.
  {
    kind: 'slur',
    words: [
      'jap[s]',
      'gook[s]',
      'chinks',
      'chinky',
      'chinkies',
      'chinaman',
      'chinamen',
      'chinee[s]',
      'ching chong[s]',
      'slant eye[s]',
      'slant eyed',
      'slopehead[s]',
      'slopie[s]',
      'zipperhead[s]',
      'yellow devil[s]',
      'yellow monkey[s]',
      'coolie[s]',
      'paki[s]',
      'wog[s]',
    ],
  },
  // Other senses: a gap in a wall, the sound of a glass, and a supposed danger in the period's texts.
  { kind: 'ambiguous', words: ['chink', 'dink[s]', 'yellow peril'] },
  // Against Arabs and Muslims.
  {
    kind: 'slur',
    words: ['raghead[s]', 'towelhead[s]', 'camel jockey[s]', 'sand monkey[s]', 'arabush[s]'],
  },
  // Against Jews.
  {
    kind: 'slur',
    words: [
      'kike[s]',
      'kyke[s]',
      'jewed',
      'jewing',
      'yid[s]',
      'heeb[s]',
      'sheeny',
      'sheenies',
      'jewboy[s]',
      'hymie[s]',
    ],
  },
  // Other senses: a character of Shakespeare, and a usurer.
  { kind: 'ambiguous', words: ['shylock[s]'] },
  // Against people of the Americas, and against Hispanics.
  {
    kind: 'slur',
    words: [
      'injun[s]',
      'redskin[s]',
      'squaw[s]',
      'spic[s]',
      'spicks',
      'spig[s]',
      'wetback[s]',
      'beaner[s]',
      'greaseball[s]',
    ],
  },
  // Other senses: a person who greases an engine; spick and span; a German accent (spiks).
  { kind: 'ambiguous', words: ['greaser[s]', 'spick', 'spik'] },
  // Against Europeans, Travellers and Roma. "Gypsy" is also a self-designation, and is not an entry.
  {
    kind: 'slur',
    words: [
      'wop[s]',
      'ginzo[s]',
      'honky',
      'honkie[s]',
      'honkey[s]',
      'dago[s]',
      'dego[s]',
      'dagoes',
      'eyetie[s]',
      'polack[s]',
      'bohunk[s]',
      'gypo[s]',
      'gipo[s]',
      'pikey[s]',
      'yarpie[s]',
    ],
  },
  // Other senses: cabbage; soldiers' slang of 1914; a verb whose origin is seldom known; literally white
  // trash.
  { kind: 'ambiguous', words: ['white trash', 'kraut[s]', 'boche[s]', 'gyp[s]', 'gyped'] },
  // Against the peoples of Australia and the Pacific.
  { kind: 'slur', words: ['abos', 'abbo[s]', 'boong[s]', 'lubra[s]'] },
  // Other senses: a place in Finland, blood groups; sailors' word for islanders, still a self-designation in
  // some places.
  { kind: 'ambiguous', words: ['abo', 'kanaka[s]'] },
  // Against gay, lesbian and trans people. Queer, gay, dyke, fairy and pansy have other senses in the
  // period's texts: none of these is an entry.
  {
    kind: 'slur',
    words: [
      'faggot[s]',
      'faggoty',
      'homos',
      'poofter[s]',
      'poofta[s]',
      'lesbo[s]',
      'lezzie[s]',
      'lezbo[s]',
      'bulldyke[s]',
      'bulldike[s]',
      'tranny',
      'trannie[s]',
      'shemale[s]',
      'nancy boy[s]',
      'batty boy[s]',
      'fudge packer[s]',
      'carpet muncher[s]',
    ],
  },
  // Other senses: cigarettes and chores; a bundle of sticks in its other spelling.
  { kind: 'ambiguous', words: ['fag[s]', 'fagot[s]'] },
  // Against disabled people, with no other sense. Idiot, lunatic, dumb and lame are common in books and are
  // not entries.
  { kind: 'slur', words: ['tard[s]', 'spaz', 'spazzes', 'spastics', 'mongoloids'] },
  // Other senses: to slow down, as drag does to a ship; an anthropologist's term.
  { kind: 'ambiguous', words: ['retard[s]', 'retarded', 'mongoloid'] },
  // Against women; only the worst words, with no other sense.
  { kind: 'slur', words: ['cunt[s]', 'kunt[s]', 'cunty'] },
  // Vulgar, with no particular target. Damn, hell, crap and bastard are mild and in the period's texts; ass,
  // cock, prick, tit and pussy have other senses; Dick is a name: none of these is an entry.
  {
    kind: 'vulgar',
    words: [
      '*fuck*',
      'shit[s]',
      'shat',
      'shitty',
      'shitting',
      'shitted',
      'shithead[s]',
      'shithole[s]',
      'shitless',
      'shitface[d]',
      'shithouse',
      '*bullshit*',
      'horseshit',
      'dipshit[s]',
      'batshit',
      'asshole[s]',
      'arse[s]',
      'arsehole[s]',
      'dumbass',
      'dumbasses',
      'jackoff[s]',
      'jerkoff[s]',
      'bitch',
      'bitches',
      'bitchy',
      'bitcher[s]',
      'bitching',
      'sonofabitch',
      'whore[s]',
      'whoring',
      'whorehouse[s]',
      'slut[s]',
      'slutty',
      'piss',
      'pissed',
      'pisses',
      'pissing',
      'wank',
      'wanker[s]',
      'wanking',
      'twat[s]',
      'bollocks',
      'dickhead[s]',
      'cocksuck*',
      'cockhead[s]',
      'blowjob[s]',
      'handjob[s]',
      'jizz',
      'titties',
      'dildo[s]',
    ],
  },
];
