import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cleanWork } from '../../../src/workshop/corpus/clean.ts';
import { LICENCE } from '../../../src/workshop/corpus/patterns.ts';
import { PROSE, unwrapped } from './stories.ts';

const STORY = ['THE GAUGE', 'By A. N. OTHER', ...PROSE];

/** Headers and licences of Project Gutenberg's texts, by year. */
const VINTAGES: readonly {
  readonly years: string;
  readonly before: readonly string[];
  readonly behind: readonly string[];
}[] = [
  {
    years: '1991 to 1993, before the small print',
    before: [
      '**Welcome To The World of Free Plain Vanilla Electronic Texts**',
      '**Etexts Readable By Both Humans and By Computers, Since 1971**',
      '*****These Etexts Are Prepared By Hundreds of Volunteers and Donations*****',
    ],
    behind: ['End of the Project Gutenberg Etext of The Gauge'],
  },
  {
    years: '1993 to 1999, the small print at the head',
    before: [
      'Project Gutenberg Etext of The Gauge, by A. N. Other',
      'Copyright laws are changing all over the world, be sure to check them.',
      '***START**THE SMALL PRINT!**FOR PUBLIC DOMAIN ETEXTS**START***\nWhy is this "Small Print!" statement here?',
      '*END*THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*Ver.04.29.93*END*',
      'This etext was prepared by Some Body.',
    ],
    behind: ['End of Project Gutenberg Etext of The Gauge'],
  },
  {
    years: '1999 to 2003, another end of it',
    before: [
      'The Project Gutenberg Etext of The Gauge, by A. N. Other\n#1 in our series by A. N. Other',
      '*END THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*Ver.10/04/01*END*',
      'Scanned by Some Body, proofread by Another',
    ],
    behind: ['End of this Project Gutenberg Etext of The Gauge, by A. N. Other'],
  },
  {
    years: 'before 2003, the small print at the foot',
    before: [],
    behind: [
      '***START**THE SMALL PRINT!**FOR PUBLIC DOMAIN ETEXTS**START***\nWhy is this "Small Print!" statement here?',
      'You can get up to date donation information at https://www.gutenberg.org/donation.html',
    ],
  },
  {
    years: '2003 to 2020',
    before: [
      'The Project Gutenberg EBook of The Gauge, by A. N. Other',
      'This eBook is for the use of anyone anywhere at no cost and with\nalmost no restrictions whatsoever.',
      'Title: The Gauge\n\nAuthor: A. N. Other\n\nLanguage: English',
      '*** START OF THIS PROJECT GUTENBERG EBOOK THE GAUGE ***',
      'Produced by Some Body and the Online Distributed\nProofreading Team at http://www.pgdp.net',
    ],
    behind: [
      'End of the Project Gutenberg EBook of The Gauge, by A. N. Other',
      '*** END OF THIS PROJECT GUTENBERG EBOOK THE GAUGE ***',
      '***** This file should be named 12345.txt or 12345.zip *****',
      'THE FULL PROJECT GUTENBERG LICENSE\n'.repeat(400),
    ],
  },
  {
    years: '2020 on, with a long title',
    before: [
      'The Project Gutenberg eBook of The Gauge',
      'Credits: Some Body and the Online Distributed Proofreading Team',
      '*** START OF THE PROJECT GUTENBERG EBOOK THE GAUGE; OR, WHAT THE\nCOOK SAID ***',
    ],
    behind: [
      '*** END OF THE PROJECT GUTENBERG EBOOK THE GAUGE; OR, WHAT THE\nCOOK SAID ***',
      'Updated editions',
    ],
  },
  {
    years: '2003 on, the licence without a mark before it',
    before: ['***START OF THE PROJECT GUTENBERG EBOOK THE GAUGE***', 'E-text prepared by Some Body'],
    behind: ['*** START: FULL LICENSE ***', 'THE FULL PROJECT GUTENBERG LICENSE'],
  },
  {
    years: 'none: a file of one’s own',
    before: [],
    behind: [],
  },
];

describe('licences of every vintage', () => {
  for (const { years, before, behind } of VINTAGES) {
    for (const lineEnd of ['\n', '\r\n']) {
      it(`${years}, lines that end in ${JSON.stringify(lineEnd)}`, () => {
        const file = [...before, ...STORY, ...behind].join('\n\n').replaceAll('\n', lineEnd);
        const { text } = cleanWork(Buffer.from(file));
        assert.deepEqual(text.trimEnd().split('\n\n'), STORY.map(unwrapped));
        assert.ok(!LICENCE.test(text));
      });
    }
  }
});
