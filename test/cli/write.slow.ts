/** `scifi write` among other programs: piped input, Ctrl-C, and a full disk. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { unzipSync } from 'fflate';
import { MODELS, type Outcome, ROOT } from '../helpers/cli.ts';
import { temporaryFolder } from '../helpers/programs.ts';

const SCIFI = `'${process.execPath}' --import tsx src/cli.ts`;

/** Runs a shell line in which `$SCIFI` is the program. */
function shell(
  line: string,
  signal?: { readonly name: NodeJS.Signals; readonly after: RegExp },
): Promise<Outcome> {
  const env = { PATH: process.env.PATH, SCIFI_MODELS: MODELS, SCIFI_ENGINE: 'onnx' };
  const child = spawn('sh', ['-c', line.replaceAll('$SCIFI', SCIFI)], { cwd: ROOT, env });
  const outcome = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].on('data', (chunk) => {
      outcome[stream] += chunk;
      if (signal?.after.test(outcome.stdout)) child.kill(signal.name);
    });
  }
  return new Promise((resolve) => child.once('close', (code) => resolve({ ...outcome, code })));
}

describe('scifi write', { timeout: 240_000, concurrency: 2 }, () => {
  let folder: string;
  let remove: () => Promise<void>;

  before(async () => {
    ({ folder, remove } = await temporaryFolder());
  });
  after(() => remove());

  it('reads its prompt from standard input, without the line end', async () => {
    const options = '--length 90 --seed 3 --temperature 0.4';
    const [piped, typed] = await Promise.all([
      shell(`echo 'The café on Mars' | $SCIFI write - ${options}`),
      shell(`$SCIFI write 'The café on Mars' ${options}`),
    ]);
    assert.equal(piped.code, 0, piped.stderr);
    assert.match(piped.stdout, /^The café on Mars./);
    assert.equal(piped.stdout, typed.stdout);
  });

  it('writes the story as a file, in the format that the options name', async () => {
    const options = '--length 200 --seed 3';
    const path = (name: string) => join(folder, name);
    const [shown, text, epub, markdown] = await Promise.all([
      shell(`$SCIFI write 'The café on Mars' ${options}`),
      shell(`$SCIFI write 'The café on Mars' ${options} --out '${path('story.TXT')}'`),
      shell(`$SCIFI write 'The café on Mars' ${options} -f epub -o '${path('story')}'`),
      shell(`$SCIFI write 'The café on Mars' ${options} --format markdown`),
    ]);
    assert.deepEqual(
      [shown, text, epub, markdown].map(({ code }) => code),
      [0, 0, 0, 0],
    );
    assert.equal(text.stdout + epub.stdout, '');
    const lines = shown.stdout.split('\n').map((line) => line.trim());
    const [story, credits] = (await readFile(path('story.TXT'), 'utf8')).split('\n\n--\n');
    assert.deepEqual(story!.split('\n\n'), lines.filter(Boolean));
    assert.match(credits!, / · lively · seed 3 · written by a neural network\n$/);
    const files = unzipSync(await readFile(path('story')));
    const chapter = new TextDecoder().decode(files['EPUB/chapter-1.xhtml']);
    assert.match(chapter, /<b class="prompt">The café on Mars<\/b>/);
    assert.match(markdown.stdout, /^# The café on Mars.*\n\n\*\*The café on Mars\*\*/);
  });

  it('refuses a file of an unclear format, an EPUB in a terminal, and a file that cannot be written', async () => {
    const [unclear, terminal, missing, unknown] = await Promise.all([
      shell(`$SCIFI write a -o '${join(folder, 'story.pdf')}'`),
      shell('$SCIFI write a -f epub'),
      shell(`$SCIFI write a -l 60 -o '${join(folder, 'none', 'story.md')}'`),
      shell('$SCIFI write a -f pdf'),
    ]);
    for (const { code } of [unclear, terminal, missing, unknown]) assert.equal(code, 2);
    assert.match(
      unclear.stderr,
      /The format of .*story\.pdf is unclear: give --format, or a name with \.epub/,
    );
    assert.match(terminal.stderr, /^An EPUB is not shown in a terminal\./);
    assert.match(missing.stderr, /story\.md cannot be written \(ENOENT\)\. Choose another file\./);
    assert.match(unknown.stderr, /Allowed choices are epub, html, markdown, text/);
  });

  it('refuses an invalid prompt on standard input', async () => {
    const [long, endless, binary] = await Promise.all([
      shell(`head -c 2001 /dev/zero | tr '\\0' x | $SCIFI write -`),
      shell(`yes | $SCIFI write -`),
      shell(`printf '\\377\\300' | $SCIFI write -`),
    ]);
    for (const { code } of [long, endless, binary]) assert.equal(code, 2);
    assert.match(long.stderr, /^That opening has 2,001 characters; the most is 2,000/);
    assert.match(endless.stderr, /^Standard input holds more than a prompt: the most is 2,000 characters\./);
    assert.match(binary.stderr, /^Standard input is not UTF-8\./);
  });

  it('exits with 130 on Ctrl-C, and keeps what it has written', async () => {
    const { code, stdout, stderr } = await shell('exec $SCIFI write "It all" --length 6000 --seed 1', {
      name: 'SIGINT',
      after: /^It all ..../,
    });
    assert.equal(code, 130, stderr);
    assert.match(stdout, /^It all .*\n$/s);
    assert.ok(stdout.length < 5_000, 'it has stopped');
  });

  it('reports an output error in one line', { skip: !existsSync('/dev/full') }, async () => {
    const { code, stderr } = await shell('$SCIFI write x --length 60 > /dev/full');
    assert.equal(code, 1);
    assert.match(stderr, /^Standard output cannot be written \(ENOSPC\)\. [^\n]*\n$/);
    assert.equal((await shell('$SCIFI --help > /dev/full')).code, 1);
    assert.equal((await shell('$SCIFI wirte 2> /dev/full')).code, 1);
  });

  it('prints no stack trace for a file that exceeds the size limit, in any command', async () => {
    const out = join(folder, 'model.onnx');
    await writeFile(join(folder, 'train.txt'), `\u0003${'a word or two '.repeat(300)}`);
    await writeFile(join(folder, 'valid.txt'), `\u0003${'a word or two '.repeat(30)}`);
    // In units of 512 bytes; node ignores the signal that the limit sends.
    for (const command of [
      `model export scifi '${out}' --format onnx`,
      `train '${folder}' --out '${folder}/run' --units 64 --epochs 1 --steps 16`,
      `corpus build '${folder}' --out '${folder}/data'`,
    ]) {
      const blocks = command.startsWith('corpus') ? 1 : 16;
      const { code, stderr } = await shell(`ulimit -f ${blocks}; SCIFI_ENGINE=wasm $SCIFI ${command}`);
      assert.equal(code, 1, `${command}: ${stderr}`);
      assert.match(stderr, /EFBIG\).*the file would become larger than this user may write/, command);
      assert.doesNotMatch(stderr, /^ +at /m);
    }
  });
});
