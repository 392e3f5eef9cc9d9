import { existsSync } from 'node:fs';
import { readdir, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Argument, type Command, Option } from 'commander';
import { StoryError } from '../errors.ts';
import { chooseEngine, ENGINE_NAMES } from '../generator/engines/choose.ts';
import { ENGINE_OPENERS } from '../generator/engines/openers.ts';
import {
  CUDA_ENGINE,
  enginesFolder,
  readReceipt,
} from '../generator/engines/tensorflow/cuda-installation.ts';
import { ownCommand } from '../terminal.ts';
import { printLine } from './console.ts';
import type { InstallOptions } from './engine/install.ts';
import { interruptibly } from './interruptibly.ts';

const BYTES_PER_GIB = 2 ** 30;

/** `engine`: the engines of this machine, and the one that is installed separately. */
export function addEngine(program: Command): void {
  const engine = program.command('engine').description('show, install and remove engines').exitOverride();
  const name = () => new Argument('<name>', 'the engine').choices([CUDA_ENGINE]);
  engine
    .command('list')
    .description('list the engines, and whether each runs on this machine')
    .action(listEngines);
  engine
    .command('install')
    .description('install TensorFlow and its binding, in a folder of their own')
    .addArgument(name())
    .option('--tensorflow <path>', "TensorFlow's folder (Python's package, or libtensorflow) or wheel")
    .option('--python <program>', 'a Python with pip, which downloads TensorFlow')
    .addOption(
      new Option('--cpu', 'without CUDA, to try the engine on the processor').conflicts('withoutGpu'),
    )
    .option('--without-gpu', 'with CUDA, on a machine without a GPU, such as one that builds an image')
    .action((_name: string, options: InstallOptions) =>
      interruptibly(async (signal) => {
        const { installCuda } = await import('./engine/install.ts');
        await installCuda(options, signal);
      }),
    );
  engine
    .command('test')
    .description('compare the results of the installed engine with those of ONNX Runtime')
    .addArgument(name())
    .option('--on-processor', 'although it was installed for a GPU')
    .action(async (_name: string, { onProcessor = false }: { readonly onProcessor?: boolean }) => {
      const { proveCuda } = await import('./engine/proof.ts');
      await proveCuda(onProcessor);
    });
  engine
    .command('remove')
    .description('delete everything that `engine install` made')
    .addArgument(name())
    .action(removeCuda);
  for (const command of engine.commands) command.exitOverride();
}

/** `engine list`: a line for each engine, for the one that `auto` takes, and for the installed files. */
async function listEngines(): Promise<void> {
  const width = Math.max(...ENGINE_NAMES.map((name) => name.length));
  let isCudaOpen = false;
  for (const name of ENGINE_NAMES) {
    // One process can load the binding for one device.
    if (name === 'cuda-cpu' && isCudaOpen) continue;
    const line = await ENGINE_OPENERS[name]({ acceptSoftware: true }).then(
      async (opened) => {
        await opened.close();
        isCudaOpen ||= name === 'cuda';
        return `runs on ${opened.device}`;
      },
      (error: Error) => `does not run: ${error.message}`,
    );
    printLine(`${name.padEnd(width)}  ${line}`);
  }
  const chosen = await chooseEngine('auto', ENGINE_OPENERS);
  await chosen.close();
  printLine(`SCIFI_ENGINE=auto: ${chosen.reason}`);
  if (chosen.name === 'integer') {
    printLine(
      `Models that integer cannot run, run on onnx: \`${ownCommand(['model', 'inspect'])}\` says why.`,
    );
  }
  const folder = join(enginesFolder(), CUDA_ENGINE);
  const receipt = readReceipt(folder);
  if (!receipt) return;
  const { binding, tensorflow, device } = receipt;
  const size = ((await sizeOf(folder)) / BYTES_PER_GIB).toFixed(1);
  const kind = device === 'gpu' ? 'with' : 'without';
  printLine(`${folder} has TensorFlow ${tensorflow} ${kind} CUDA, and its binding ${binding}: ${size} GiB`);
}

/** The size of a folder's own files; what links point to belongs to other folders. */
async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return bytes;
}

/** `engine remove`: the installation, what killed installations left, and folders that are empty then. */
async function removeCuda(): Promise<void> {
  const engines = enginesFolder();
  const folder = join(engines, CUDA_ENGINE);
  const isInstalled = existsSync(folder);
  if (isInstalled && !readReceipt(folder)) {
    throw new StoryError(
      'configuration',
      `${folder} is not an installation of this version. Delete it yourself, if it is not needed.`,
    );
  }
  if (existsSync(engines)) {
    const { removeLeftovers } = await import('./engine/install.ts');
    await removeLeftovers(engines);
  }
  await rm(folder, { recursive: true, force: true });
  const made = process.env.SCIFI_ENGINES ? [engines] : [engines, dirname(engines)];
  for (const empty of made) await rmdir(empty).catch(() => {});
  printLine(isInstalled ? `Removed ${folder}` : `${CUDA_ENGINE} is not installed in ${engines}`);
}
