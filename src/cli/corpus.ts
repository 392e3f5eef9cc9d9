import type { Command } from 'commander';

/** `corpus`: texts to learn from. */
export function addCorpus(program: Command): void {
  const corpus = program.command('corpus').description('texts to learn from').exitOverride();
  corpus
    .command('build')
    .description('clean a folder of text files, as Project Gutenberg has them, and split them by work')
    .argument('<raw>', 'folder with .txt files')
    .requiredOption('--out <folder>', 'where train.txt, valid.txt, test.txt and manifest.tsv go')
    .exitOverride()
    .action(build);
}

async function build(raw: string, { out }: { out: string }): Promise<void> {
  const { buildCorpus, SPLITS } = await import('../generator/corpus/build.ts');
  const started = performance.now();
  const facts = await buildCorpus(raw, out, (done, files) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${done} of ${files} files`);
  });
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  const number = (value: number) => value.toLocaleString('en');
  for (const split of SPLITS) {
    const [works, characters] = [facts.works[split], facts.characters[split]];
    process.stdout.write(
      `${`${split}.txt`.padEnd(10)} ${number(works).padStart(6)} works ${number(characters).padStart(14)} characters\n`,
    );
  }
  const dropped = Object.entries(facts.dropped).map(([reason, files]) => `${number(files)} ${reason}`);
  const seconds = (performance.now() - started) / 1_000;
  process.stdout.write(
    `${number(facts.files)} files, ${number(facts.bytes)} bytes in ${seconds.toFixed(1)} s; left out: ${dropped.join(', ') || 'none'}. ` +
      `manifest.tsv says which and why.\n`,
  );
}
