import { randomInt } from 'node:crypto';
import { basename, dirname, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { readConfig } from '../config.ts';
import { StoryError } from '../errors.ts';
import { EXPORT_FORMATS, type ExportFormat } from '../export/formats.ts';
import { superviseEngines } from '../generator/engines/openers.ts';
import { listModels } from '../generator/model/files.ts';
import { ModelRegistry } from '../generator/model-registry.ts';
import type { Probabilities } from '../story/probabilities.ts';
import {
  DEFAULT_PRESET,
  type ModelChoice,
  PRESETS,
  type Preset,
  problemWith,
  STORY_BOUNDS,
  type StoryRequest,
} from '../story/story.ts';
import { samplingGiven } from '../story/story-request.ts';
import { samplingName } from '../story/wording.ts';
import { clearProgress, complain, print, showProgress } from './console.ts';
import { INTERRUPTED_EXIT_CODE } from './explain.ts';
import { numberOption } from './options.ts';
import { isColoured, ProbabilityOutput } from './probability-output.ts';
import { fileWanted } from './story-file.ts';

/** The argument that stands for standard input. */
const STANDARD_INPUT = '-';
/** Most bytes of UTF-8 for each UTF-16 code unit. */
const BYTES_PER_UNIT = 3;
/** Room for the line ends that an editor or `echo` adds. */
const SPARE_BYTES = 64;

const NO_PROBABILITIES =
  'The engine or the model does not give probabilities. Choose the engine integer or onnx, and a model of at most 255 characters.';

const SEEDS = 2 ** 32;
const PROGRESS_INTERVAL_MS = 200;

interface WriteOptions {
  readonly preset?: Preset;
  readonly temperature?: number;
  readonly length: number;
  readonly seed?: number;
  readonly model?: string;
  readonly showProbabilities?: boolean;
  readonly format?: ExportFormat;
  readonly out?: string;
}

/** `write`: writes a story to standard output, without a queue. */
export function addWrite(program: Command): void {
  const { temperature, length } = STORY_BOUNDS;
  program
    .command('write')
    .description('write a story to standard output')
    .argument('[prompt]', `beginning of the story; ${STANDARD_INPUT} reads it from standard input`, '')
    .addOption(
      new Option(
        '-p, --preset <name>',
        `how characters are sampled (default: ${DEFAULT_PRESET}; with --temperature, classic)`,
      ).choices(PRESETS),
    )
    .option(
      '-t, --temperature <number>',
      `of the preset classic, ${temperature.min} to ${temperature.max} (default: ${temperature.default})`,
      numberOption,
    )
    .option(
      '-l, --length <characters>',
      `length in characters, ${length.min} to ${length.max}`,
      numberOption,
      length.default,
    )
    .option('-s, --seed <number>', 'the same seed gives the same story', numberOption)
    .option(
      '-m, --model <model>',
      'a model in models.json (default: its first), or the path of a folder such as runs/mine/model',
    )
    .option(
      '--show-probabilities',
      'colour each character by how likely it was; where the output is no terminal, print one JSON object a character',
    )
    .addOption(
      new Option('-f, --format <format>', 'write a file of this format, and not the text alone')
        .choices(EXPORT_FORMATS)
        .conflicts('showProbabilities'),
    )
    .addOption(
      new Option(
        '-o, --out <file>',
        'the file to write (default: standard output; an EPUB needs it)',
      ).conflicts('showProbabilities'),
    )
    .action(write);
}

async function write(opening: string, options: WriteOptions): Promise<void> {
  const config = readConfig(process.env);
  const file = fileWanted(options);
  const prompt = opening === STANDARD_INPUT ? await readPrompt(process.stdin) : opening;
  const { modelsFolder, choice } = await chooseModel(options.model, config.modelsFolder);
  const model = choice.name;
  const { length, seed = randomInt(SEEDS) } = options;
  const asked = options.showProbabilities ? { probabilities: true } : {};
  const request: StoryRequest = {
    ...{ prompt, context: '', ...samplingGiven(options), length, seed, model },
    ...asked,
  };
  const problem = problemWith(request);
  if (problem) throw new StoryError('bad_request', problem);

  const registry = new ModelRegistry({
    modelsFolder,
    choices: [choice],
    capacity: 1,
    threads: config.threads,
    engines: superviseEngines(config.engine),
    maxWaiting: 0,
  });
  await registry.open();
  const abort = new AbortController();
  // npm passes on a Ctrl-C that the terminal has sent to this process already: it arrives twice.
  const interrupt = () => abort.abort();
  process.on('SIGINT', interrupt);
  const started = performance.now();
  const output = options.showProbabilities
    ? new ProbabilityOutput(process.stdout.isTTY, isColoured(process.env, process.stdout.isTTY))
    : new GrowingOutput(file === undefined);
  const progress = progressLine(length);
  const story = await registry.storyteller(model).tell(request, {
    signal: abort.signal,
    onWord: (read, probabilitiesOf) => {
      const text = read();
      output.show(text, probabilitiesOf(text).probabilities);
      progress(text.length);
    },
  });
  output.show(story.text, story.probabilities);
  if (output.isText) print('\n');
  await registry.close();
  if (file) await file.write(request, story, choice);
  if (options.showProbabilities && !story.probabilities) complain(NO_PROBABILITIES);
  if (abort.signal.aborted) process.exitCode = INTERRUPTED_EXIT_CODE;
  else process.off('SIGINT', interrupt);
  if (process.stderr.isTTY) {
    const seconds = (performance.now() - started) / 1_000;
    const rate = Math.round((story.text.length - prompt.length) / seconds);
    clearProgress();
    complain(
      `${story.text.length} characters, ${rate} a second; ${model} ${story.modelVersion} ` +
        `(${story.engine}), ${samplingName(request)}, seed ${seed}`,
    );
  }
}

/** Characters that a path contains and a name does not. */
const PATH = /[\\/.]/;

/**
 * The model that the user requested, by its name in the list or by its path, and the parent of its folder.
 */
async function chooseModel(
  named: string | undefined,
  modelsFolder: string,
): Promise<{ readonly modelsFolder: string; readonly choice: ModelChoice }> {
  if (named !== undefined && PATH.test(named)) {
    const folder = resolve(named);
    const name = basename(folder);
    return { modelsFolder: dirname(folder), choice: { name, title: name, description: '' } };
  }
  const choices = await listModels(modelsFolder);
  const choice = named === undefined ? choices[0]! : choices.find(({ name }) => name === named);
  if (choice) return { modelsFolder, choice };
  const names = choices.map(({ name }) => name).join(', ');
  throw new StoryError(
    'bad_request',
    `There is no model ${named}. Choose one of: ${names}; or give the path of a model's folder.`,
  );
}

/** Writes the new part of a growing text to standard output, unless a file is written instead. */
class GrowingOutput {
  readonly isText: boolean;
  #length = 0;

  /** @param isShown whether the text itself is the output */
  constructor(isShown: boolean) {
    this.isText = isShown;
  }

  show(text: string, _probabilities?: Probabilities): void {
    if (this.isText && text.length > this.#length) print(text.slice(this.#length));
    this.#length = Math.max(this.#length, text.length);
  }
}

/** A progress line on standard error, if the user sees only standard error. */
function progressLine(length: number): (written: number) => void {
  if (!process.stderr.isTTY || process.stdout.isTTY) return () => {};
  let shownAt = 0;
  return (written) => {
    const now = performance.now();
    if (now - shownAt < PROGRESS_INTERVAL_MS) return;
    shownAt = now;
    showProgress(`${written} of ${length} characters`);
  };
}

/**
 * Reads a prompt to the end of the input. Trailing line ends are removed: `echo` adds one.
 *
 * @throws StoryError `bad_request` when it is no UTF-8, or longer than a prompt may be
 */
async function readPrompt(input: AsyncIterable<Buffer | string>): Promise<string> {
  const most = STORY_BOUNDS.prompt.max;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    chunks.push(Buffer.from(chunk));
    bytes += chunk.length;
    if (bytes > most * BYTES_PER_UNIT + SPARE_BYTES) {
      throw new StoryError(
        'bad_request',
        `Standard input holds more than a prompt: the most is ${most.toLocaleString('en')} characters. Shorten it.`,
      );
    }
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
    return text.replace(/[\r\n]+$/, '');
  } catch (cause) {
    throw new StoryError('bad_request', 'Standard input is not UTF-8. Convert it, with iconv for example.', {
      cause,
    });
  }
}
