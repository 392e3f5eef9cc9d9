/** The measured processes: all are started at once, and are idle while another is measured. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Figures, Ready } from './engines.ts';
import { median } from './measure.ts';

const PYTORCH_SECONDS = 1.5;

/** A process that answers each line with a line; see engines.ts. */
export class MeasuredProcess {
  readonly title: string;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #ended: Promise<void>;
  #errors = '';

  constructor(title: string, file: string, args: readonly string[]) {
    this.title = title;
    this.#child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#ended = new Promise((resolve) => this.#child.once('close', () => resolve()));
    this.#child.stderr!.on('data', (chunk) => {
      this.#errors = (this.#errors + String(chunk)).slice(-10_000);
    });
    // A process that has ended does not read.
    this.#child.stdin!.on('error', () => {});
    this.#lines = createInterface(this.#child.stdout!)[Symbol.asyncIterator]();
  }

  /** @throws Error with the last line of the process's errors */
  ready(): Promise<Ready> {
    return this.#answer<Ready>();
  }

  /** @throws Error with the last line of the process's errors */
  measure(stories: number): Promise<Figures> {
    this.#child.stdin!.write(`${stories}\n`);
    return this.#answer<Figures>();
  }

  async end(): Promise<void> {
    this.#child.stdin!.end();
    await this.#ended;
  }

  async #answer<Answer>(): Promise<Answer> {
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) {
        await this.#ended;
        throw new Error(this.#errors.trim().split('\n').at(-1) || 'it ended');
      }
      // Libraries greet their users.
      if (value.startsWith('{')) return JSON.parse(value) as Answer;
    }
  }
}

/** A process of bench/engines.ts. */
export function engineProcess(title: string, name: string): MeasuredProcess {
  const script = fileURLToPath(new URL('engines.ts', import.meta.url));
  return new MeasuredProcess(title, process.execPath, ['--import', 'tsx', script, name]);
}

/** PyTorch's processes, or a sentence that says why there are none. */
export function pytorchProcesses(): MeasuredProcess[] | string {
  const python = process.env.BENCH_PYTHON || 'python3';
  const check = spawnSync(python, ['-c', 'import torch'], { encoding: 'utf8' });
  if (check.status !== 0) {
    return `${python} has no PyTorch; BENCH_PYTHON names another Python`;
  }
  const script = fileURLToPath(new URL('peers/cpu_pytorch.py', import.meta.url));
  return (['float32', 'int8'] as const).map(
    (kind) => new MeasuredProcess(`PyTorch ${kind}`, python, [script, kind, String(PYTORCH_SECONDS)]),
  );
}

/** The median of each figure. */
export function medianOf(rounds: readonly Figures[]): Figures {
  const of = (figure: (one: Figures) => number | undefined) =>
    median(rounds.map((one) => figure(one) ?? Number.NaN));
  return {
    stories: of((one) => one.stories),
    bare: of((one) => one.bare),
    resident: of((one) => one.resident),
    loopDelay: of((one) => one.loopDelay),
    firstText: of((one) => one.firstText),
  };
}
