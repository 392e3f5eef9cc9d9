import { cuss } from 'cuss';
/** The list's own rating of what is likely meant as an insult. */
const LIKELY = 2;
export const JUDGED = Object.keys(cuss).filter(w=>cuss[w]===LIKELY);
