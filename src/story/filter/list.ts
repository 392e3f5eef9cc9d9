/**
 * The words that a bot may not say. This file holds slurs, because a filter has to know them.
 *
 * A letter in brackets may be there or not; behind and before `*` a word may go on; a phrase has a space before its last word, and
 * stands for its spelling with a hyphen and in one word, too. Letter case, accents, lookalikes and leet need no
 * entries. A letter that is written once stands for any number of it, one that is written twice for two and more.
 */

/**
 * What a word is filtered as.
 *
 * - `slur`: tier one. Never written by the network, and a prompt that has one is declined.
 * - `ambiguous`: tier one for the network, which finds another word at no cost. A person may mean the other sense (a
 *   chink of light, a coon dog, the history of a people), so a prompt that has one is written on.
 * - `vulgar`: tier two. Written and masked.
 */
export type Kind = 'slur' | 'ambiguous' | 'vulgar';

/** Words of one class, and why they are of that kind. */
export interface WordClass {
  readonly kind: Kind;
  readonly words: readonly string[];
}

export const WORD_CLASSES: readonly WordClass[] = [
  // Against Black people. Has no other sense in English, so any word that holds it counts.
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
  // What the period wrote without a thought: today a name for nobody, but part of names and of history.
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
  // A gap in a wall, the sound of a glass, and a danger that the period believed in.
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
  // A character of Shakespeare's, and a word for usurers.
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
  // Whoever greases an engine; spick and span; how a German spiks English.
  { kind: 'ambiguous', words: ['greaser[s]', 'spick', 'spik'] },
  // Against Europeans, Travellers and Roma. Gypsies call themselves so, and are no entry.
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
  // Cabbage, what soldiers of 1914 said, a verb whose users seldom think of its origin, and trash that is white.
  { kind: 'ambiguous', words: ['white trash', 'kraut[s]', 'boche[s]', 'gyp[s]', 'gyped'] },
  // Against the peoples of Australia and the Pacific.
  { kind: 'slur', words: ['abos', 'abbo[s]', 'boong[s]', 'lubra[s]'] },
  // A place in Finland, blood groups; what sailors called islanders, who keep the name in some places.
  { kind: 'ambiguous', words: ['abo', 'kanaka[s]'] },
  // Against gay, lesbian and trans people. Queer and gay mean what they meant in the period, a dyke holds water, a
  // fairy and a pansy are what they are: none of these is an entry.
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
  // Cigarettes and chores; a bundle of sticks in its other spelling.
  { kind: 'ambiguous', words: ['fag[s]', 'fagot[s]'] },
  // Against disabled people, where nothing else can be meant. Idiots, lunatics, the dumb and the lame are in every book.
  { kind: 'slur', words: ['tard[s]', 'spaz', 'spazzes', 'spastics', 'mongoloids'] },
  // What drag does to a ship; an anthropologist's word.
  { kind: 'ambiguous', words: ['retard[s]', 'retarded', 'mongoloid'] },
  // Against women; the worst of them, and no other sense.
  { kind: 'slur', words: ['cunt[s]', 'kunt[s]', 'cunty'] },
  // Vulgar, whoever is meant. Damn, hell, crap and bastard are as mild as the period; ass, cock, prick, tit and pussy
  // have tails and feathers; Dick is a name.
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

/** Words that hold one of the words above, or look like one with a letter left out, and are none of them. */
export const INNOCENT_WORDS: readonly string[] = [
  'snigger*',
  'japp',
  // A river and a country; a name of Azerbaijan; a glance, in Urdu.
  'niger',
  'nigers',
  'nigar',
  'nigars',
  'nigah',
  'nigahs',
  // Questions that are asked often; a jack-of-all-trades, the jerk of a rope.
  'faq',
  'faqs',
  'jackof',
  'jerkof',
  // What is argued against, a hillside, a backbone, a water pipe.
  'cons',
  'slope',
  'slopes',
  'chine',
  'chines',
  'bong',
  'bongs',
  // Names of people and of horses, a beetle, a coin, an appetite.
  'baner',
  'bener',
  'colie',
  'colies',
  'coole',
  'darke',
  'darkes',
  'hyme',
  'hymes',
  'kiger',
  'kigers',
  'wiger',
  'wigers',
  'kafer',
  'kafers',
  'plack',
  'placks',
  'pofta',
];
