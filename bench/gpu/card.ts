/** What `nvidia-smi` tells of a card: its name, and its power and memory while something runs. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';

const SAMPLE_MS = 100;
const FORMAT = '--format=csv,noheader,nounits';

/** One line on the card, or undefined where there is no `nvidia-smi`. */
export function cardLine(): string | undefined {
  const query = '--query-gpu=name,driver_version,memory.total,clocks.max.sm,power.limit';
  const { status, stdout } = spawnSync('nvidia-smi', [query, '--format=csv,noheader'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

interface Sample {
  /** `Date.now()` */
  readonly at: number;
  readonly watts: number;
  readonly mebibytes: number;
}

/** A period of `Date.now()`. */
export interface Period {
  readonly from: number;
  readonly to: number;
}

/** Power and memory in a period; NaN where nothing was told. */
export interface CardUse {
  /** Mean. */
  readonly watts: number;
  /** Largest; that of all programs on the card. */
  readonly mebibytes: number;
}

/** Samples the first card until it is stopped. */
export class CardMonitor {
  readonly #samples: Sample[] = [];
  readonly #process: ChildProcess;

  constructor() {
    const query = '--query-gpu=power.draw,memory.used';
    this.#process = spawn('nvidia-smi', ['--id=0', query, FORMAT, `--loop-ms=${SAMPLE_MS}`], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    this.#process.on('error', () => {});
    createInterface({ input: this.#process.stdout! }).on('line', (line) => {
      const [watts, mebibytes] = line.split(',').map(Number);
      this.#samples.push({ at: Date.now(), watts: watts ?? Number.NaN, mebibytes: mebibytes ?? Number.NaN });
    });
  }

  during({ from, to }: Period): CardUse {
    const samples = this.#samples.filter(({ at }) => at >= from && at <= to);
    if (samples.length === 0) return { watts: Number.NaN, mebibytes: Number.NaN };
    return {
      watts: samples.reduce((sum, { watts }) => sum + watts, 0) / samples.length,
      mebibytes: Math.max(...samples.map(({ mebibytes }) => mebibytes)),
    };
  }

  stop(): void {
    this.#process.kill();
  }
}
