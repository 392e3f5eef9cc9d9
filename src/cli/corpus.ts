import { join } from 'node:path';
import type { Command } from 'commander';
import { StoryError } from '../errors.ts';
import type { CorpusFacts } from '../workshop/corpus/build.ts';
import { clearProgress, complain, printLine, showProgress } from './console.ts';
import { interruptibly } from './interruptibly.ts';
import { numberOption } from './options.ts';

const MEGABYTE = 1_000_000;

interface DownloadArguments {
  readonly bookshelf: string;
  readonly out: string;
  readonly language: string;
  readonly mirror?: string;
  readonly catalogue?: string;
  readonly rate?: number;
  readonly limit?: number;
  readonly maxMegabytes?: number;
  readonly allowHost?: readonly string[];
  readonly contact?: string;
  readonly dryRun?: boolean;
}

/** `corpus`: texts to train on. */
export function addCorpus(program: Command): void {
  const corpus = program.command('corpus').description('prepare texts for training').exitOverride();
  corpus
    .command('build')
    .description('clean a folder of text files of Project Gutenberg, and split them by work')
    .argument('<raw>', 'folder with .txt files')
    .requiredOption('--out <folder>', 'folder for train.txt, valid.txt, test.txt and manifest.tsv')
    .exitOverride()
    .action(build);
  corpus
    .command('download')
    .description(
      'download a bookshelf of Project Gutenberg at a limited rate; a second run continues an interrupted one',
    )
    .requiredOption('--bookshelf <name>', 'such as "Science Fiction"')
    .requiredOption('--out <folder>', 'folder for ID.txt and downloads.tsv, the input of `corpus build`')
    .option('--language <code>', 'only books in this language', 'en')
    .option('--mirror <url>', 'a mirror of Project Gutenberg (default: its server for automated downloads)')
    .option(
      '--catalogue <url>',
      "the catalogue, pg_catalog.csv or .csv.gz (default: the site's, at most once a week)",
    )
    .option('--rate <requests>', 'requests a second (default: 0.5, as Project Gutenberg asks)', numberOption)
    .option('--limit <books>', 'maximum number of books', numberOption)
    .option('--max-megabytes <number>', 'maximum size of a book (default: 32)', numberOption)
    .option('--allow-host <hosts...>', 'further hosts that the mirror or the catalogue may redirect to')
    .option('--contact <address>', 'your mail address or page, for the user agent')
    .option('--dry-run', 'list the books without downloading them')
    .exitOverride()
    .action(download);
}

async function build(raw: string, { out }: { out: string }): Promise<void> {
  const { buildCorpus, SPLITS } = await import('../workshop/corpus/build.ts');
  const started = performance.now();
  const facts = await buildCorpus(raw, out, (done, files) => showProgress(`${done} of ${files} files`));
  clearProgress();
  for (const split of SPLITS) {
    const [works, characters] = [facts.works[split], facts.characters[split]];
    printLine(
      `${`${split}.txt`.padEnd(10)} ${number(works).padStart(6)} works ${number(characters).padStart(14)} characters`,
    );
  }
  for (const line of emptyLines(facts, out)) printLine(line);
  const dropped = Object.entries(facts.dropped).map(([reason, files]) => `${number(files)} ${reason}`);
  const seconds = (performance.now() - started) / 1_000;
  printLine(
    `${number(facts.files)} files, ${number(facts.bytes)} bytes in ${seconds.toFixed(1)} s; left out: ${dropped.join(', ') || 'none'}. ` +
      `manifest.tsv lists each file and the reason.`,
  );
}

/** Warnings about a corpus, with the remedy: with few works, none may have been held out. */
function emptyLines({ works }: CorpusFacts, out: string): string[] {
  const empty = (['valid', 'test'] as const)
    .filter((split) => works[split] === 0)
    .map((split) => `${split}.txt`);
  const all = works.train + works.valid + works.test;
  if (all === 0)
    return ['There is no text to train on: all files were left out. manifest.tsv lists the reasons.'];
  return [
    ...(works.train === 0
      ? ['train.txt is empty: there is no text to train on. Add more works to the folder and build it again.']
      : []),
    ...(empty.length > 0
      ? [
          `${empty.join(' and ')} ${empty.length === 1 ? 'is' : 'are'} empty: one work in twenty is assigned to each, by its id, ` +
            `and none of ${number(all)} was. Add more works, or move one work of train.txt (from its U+0003 to the next) ` +
            `to ${empty.map((name) => join(out, name)).join(' and another to ')}; training needs valid.txt.`,
        ]
      : []),
  ];
}

async function download(args: DownloadArguments): Promise<void> {
  const { CATALOGUE, downloadShelf, MIRROR, RATE } = await import('../workshop/corpus/download/download.ts');
  for (const url of [args.mirror, args.catalogue])
    if (url !== undefined && !/^https?:\/\/./.test(url))
      throw new StoryError('bad_request', `Expected an address such as ${MIRROR}, got "${url}".`);
  if (args.limit !== undefined && !(Number.isInteger(args.limit) && args.limit > 0))
    throw new StoryError('bad_request', `Expected --limit to be 1 book or more, got ${args.limit}.`);
  if (args.maxMegabytes !== undefined && !(args.maxMegabytes > 0))
    throw new StoryError('bad_request', `Expected --max-megabytes to be above 0, got ${args.maxMegabytes}.`);
  await interruptibly(
    async (signal) => {
      const facts = await downloadShelf({
        bookshelf: args.bookshelf,
        language: args.language,
        out: args.out,
        mirror: args.mirror ?? MIRROR,
        catalogue: args.catalogue ?? CATALOGUE,
        rate: args.rate ?? RATE,
        limit: args.limit,
        bookMegabytes: args.maxMegabytes,
        redirectHosts: args.allowHost ?? [],
        isDry: args.dryRun ?? false,
        userAgent: await userAgent(args.contact),
        signal,
        onTrouble: complain,
        onBook: ({ book, done, books, outcome, bytes, sentence }) => {
          const position = `${String(done).padStart(String(books).length)} of ${books}`;
          const size = bytes > 0 ? `, ${number(bytes)} bytes` : '';
          const title = book.title.replace(/\s+/g, ' ');
          printLine(`${position}  ${book.id.padStart(6)}  ${title}: ${sentence ?? outcome}${size}`);
        },
      });
      const unusable =
        facts.unusable > 0 ? ` ${number(facts.unusable)} rows of the catalogue have no valid id.` : '';
      printLine(
        args.dryRun
          ? `${number(facts.books)} books.${unusable}`
          : `${number(facts.fetched)} books fetched (${(facts.bytes / MEGABYTE).toFixed(1)} MB, ${number(facts.requests)} requests), ` +
              `${number(facts.alreadyHere)} already here, ${number(facts.withoutText)} without a text, ${number(facts.failed)} failed.${unusable}`,
      );
      if (facts.failed > 0) process.exitCode = 1;
    },
    () => complain('Interrupted. The downloaded files are kept; run the command again to continue.'),
  );
}

/** The User-Agent header: a server's operator must be able to identify the client and to reach a contact. */
async function userAgent(contact: string | undefined): Promise<string> {
  const { default: project } = await import('../../package.json', { with: { type: 'json' } });
  const operator = contact === undefined ? '' : `; ${contact.replace(/[^ -~]|[()]/g, '')}`;
  return `${project.name}/${project.version} (scifi corpus download${operator})`;
}

function number(value: number): string {
  return value.toLocaleString('en');
}
