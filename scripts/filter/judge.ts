/**
 * A judge of posted text that knows nothing of the filter's list: every word and phrase that `cuss` rates as a likely
 * insult (2 of 0 to 2), slurs and vulgar words alike, except for those named here with the reason. What it rates 1
 * ("cracker", "spade") or 0 ("black") means something else as a rule, and is not counted.
 */
import { cuss } from 'cuss';

const LIKELY = 2;

/** What the list rates so, and a story may say. */
const EXCEPTIONS: readonly { readonly because: string; readonly words: string }[] = [
  {
    because: 'an insult for anybody, whatever they are',
    words:
      'booby, dumb, fatso, geezer, hillbilly, hobo, hussy, idiot, jackass, loser, moron, ' +
      'redneck, scallywag, sissy, stupid, sucker, tosser, wuss',
  },
  {
    because: 'an oath as mild as the period',
    words: 'crap, crappy, dammit, damnit, geez, goddamit, goddammit, goddamn, goddamned, jeez',
  },
  {
    because: 'a people, a party or a place that the period, and many of its own, call so',
    words:
      'clansman, clansmen, commie, gypsies, gypsy, hindoo, limey, moslem, pollock, pollocks, ' +
      'pom, poms, russki, russkie, taff, whitey, yank, yanks',
  },
  {
    because: 'a name, or Latin: Willie, Hebe, Homo sapiens, Pinus nigra',
    words: 'gables, hebe, homo, hori, jiggs, nigra, noonan, pud, uncle tom, willie',
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
];

const excepted = new Set(EXCEPTIONS.flatMap(({ words }) => words.split(', ')));
const judged = new Set(Object.keys(cuss).filter((word) => cuss[word] === LIKELY && !excepted.has(word)));
/** Words of the longest phrase on the list. */
const PHRASE_WORDS = Math.max(...[...judged].map((word) => word.split(' ').length));

/** How many words and phrases count. */
export const JUDGED_WORDS = judged.size;

/** What is in a text that should not be, each as often as it is there. */
export function offencesIn(text: string): string[] {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.flatMap((_, start) =>
    Array.from({ length: PHRASE_WORDS }, (_, more) => words.slice(start, start + more + 1).join(' ')).filter(
      (phrase, more) => start + more < words.length && judged.has(phrase),
    ),
  );
}
