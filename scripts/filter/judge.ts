/**
 * A judge of posted text that is independent of the filter's list: it counts every word and phrase that
 * `cuss` rates as a likely insult (2 of 0 to 2), except those listed here with the reason. Words rated 1
 * ("cracker", "spade") or 0 ("black") usually mean something else, and are not counted. Stems tell vulgar
 * words from slurs among the counted ones.
 */
import { cuss } from 'cuss';

const LIKELY = 2;

/**
 * Stems of vulgar words, about bodies and what they do. The other counted words insult a people, a faith, a
 * sex or a person's mind: tier one.
 */
const VULGAR =
  /fuc?k|fuk|phu[kq]|shi+t|shat|crap|poop|cock|dick|prick|puss|tits?$|titt|tit[fjl]|boob|boner|bitch|whore|slut|c+um|kum|ji[sz]|sex|porn|jerk|wank|piss|^pee|fart|suck|lick|blow|butt|arse|(?:^|[^ n])ass|orgas|masturb|mastrab|screw|shag|spank|spooge|dildo|twat|felch|sperm|vibr/;

/**
 * Words that the list rates 2 but that a story may use: words of the corpus, and nonsense that a network
 * produces at a high temperature.
 */
const EXCEPTIONS: readonly { readonly because: string; readonly words: string }[] = [
  {
    because: 'an insult that is not about a group',
    words:
      'booby, dumb, fatso, geezer, hillbilly, hobo, hussy, idiot, jackass, loser, moron, ' +
      'redneck, scallywag, sissy, stupid, sucker, tosser, wuss',
  },
  {
    because: 'an oath as mild as the period',
    words: 'crap, crappy, dammit, damnit, geez, goddamit, goddammit, goddamn, goddamned, jeez',
  },
  {
    because: 'a name of a people, a party or a place that was usual in the period',
    words:
      'clansman, clansmen, commie, gypsies, gypsy, hindoo, limey, moslem, pollock, pollocks, ' +
      'pom, poms, russki, russkie, taff, whitey, yank, yanks',
  },
  {
    because: 'a name, or Latin: Willie, Fort Dix, Hebe, Homo sapiens, Pinus nigra',
    words: 'dix, gables, hebe, homo, hori, jiggs, nigra, noonan, pud, uncle tom, willie',
  },
  {
    because: 'something else in a story: a donkey, a thorn, a dance, a nip in the air',
    words:
      'ass, asses, bong, booty, bugger, bung, chug, chunky, cocky, dipstick, dong, dope, eight ' +
      'ball, flange, ho, hooker, jig, jigger, jiggers, jigs, looser, muff, niggard, ' +
      'niggardliness, niggards, niggle, niggling, nip, pansies, pansy, piker, pimp, poo, poof, ' +
      'poop, prick, puke, puss, quickie, reefer, rigger, rimming, round eyes, sexed, slapper, ' +
      'slave, sloper, smut, sooty, spit, spunk, spunky, squarehead, squinty, stringer, tang, ' +
      'tinker, tinkers, triplex, turnon, vomit, welfare, whiz',
  },
  {
    because: 'letters that a network produces at a high temperature; words only in a list of slang',
    words: 'cacker, gummer, honger, hore, horis, spitter',
  },
];

const excepted = new Set(EXCEPTIONS.flatMap(({ words }) => words.split(', ')));
const judged = new Set(Object.keys(cuss).filter((word) => cuss[word] === LIKELY && !excepted.has(word)));
/** Number of words of the longest phrase on the list. */
const PHRASE_WORDS = Math.max(...[...judged].map((word) => word.split(' ').length));

const all = [...judged];
/** Number of counted words and phrases. */
export const JUDGED = {
  slurs: all.filter((word) => !VULGAR.test(word)).length,
  vulgar: all.filter((word) => VULGAR.test(word)).length,
};

/** The judge's findings in a text, each as often as it occurs. */
export interface Offences {
  readonly slurs: readonly string[];
  readonly vulgar: readonly string[];
}

export function offencesIn(text: string): Offences {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const found = words.flatMap((_, start) =>
    Array.from({ length: Math.min(PHRASE_WORDS, words.length - start) }, (_, more) =>
      words.slice(start, start + more + 1).join(' '),
    ).filter((phrase) => judged.has(phrase)),
  );
  return {
    slurs: found.filter((word) => !VULGAR.test(word)),
    vulgar: found.filter((word) => VULGAR.test(word)),
  };
}
