/**
 * Measures the static page in a browser, at its worker: the time until it is ready, the time to the first
 * text, characters per second, and the delay of Stop. One thread, in Chromium.
 */
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { endWith, readCommandLine } from '../scripts/command-line.ts';
import { buildStatic } from '../scripts/static/build.ts';
import type { EngineName } from '../src/generator/engines/choose.ts';
import type { Order, Report } from '../src/page/backend/worker.ts';
import type { StoryRequest } from '../src/story/story.ts';
import { launch } from '../test/bots/web/browser.ts';
import { temporaryFolder } from '../test/helpers/programs.ts';
import { startStaticHost } from '../test/helpers/static-host.ts';

const ROUNDS = 3;
const LENGTH = 3_000;
const STOP_AFTER_MS = 500;

interface Figures {
  readonly engine: string;
  readonly readyMs: number;
  readonly firstTextMs: number;
  readonly stopMs: number;
  readonly rates: Record<number, number>;
}

const ENGINES: readonly string[] = ['integer', 'wasm', 'webgpu', 'auto'];
const HELP = `
npm run bench:static -- [ENGINE]

Measures the static page in Chromium on an engine: ${ENGINES.join(', ')} (default: wasm).
`;

const [name = 'wasm'] = readCommandLine(HELP, {}, 1).positionals;
if (!ENGINES.includes(name)) endWith(`Unknown engine ${name}. Choose one of ${ENGINES.join(', ')}.`);
const engine = name as EngineName | 'auto';
const models = fileURLToPath(new URL('../models', import.meta.url));
const { folder, remove } = await temporaryFolder();
const sizes = await buildStatic(folder, { modelsFolder: models, engine });
const host = await startStaticHost(folder, '/bench/');
const browser = await launch();
try {
  const kib = (test: (path: string) => boolean) =>
    Math.round([...sizes].reduce((sum, [path, size]) => sum + (test(path) ? size : 0), 0) / 1_024);
  console.log(`${cpus()[0]?.model.trim()}, Chromium ${browser.version()}`);
  console.log(
    `scripts ${kib((path) => path.endsWith('.js'))} KiB, weights ${kib((path) => path.endsWith('.bin'))} KiB`,
  );
  for (let round = 0; round < ROUNDS; round++) {
    const page = await browser.newPage();
    // tsx inserts calls of this helper into its output.
    await page.addInitScript('globalThis.__name = (value) => value');
    // A document of the same origin without the page's own worker.
    await page.goto(`${host.url}models/scifi/vocabulary.json`);
    const figures = await page.evaluate(measure, { url: `${host.url}worker.js`, LENGTH, STOP_AFTER_MS });
    await page.close();
    const rates = Object.entries(figures.rates).map(([n, rate]) => `${n}: ${Math.round(rate)}`);
    console.log(
      `${figures.engine}: ready after ${Math.round(figures.readyMs)} ms, first text ${Math.round(figures.firstTextMs)} ms ` +
        `later, stopped after ${Math.round(figures.stopMs)} ms, characters a second by stories ${rates.join(', ')}`,
    );
  }
} finally {
  await browser.close();
  await host.close();
  await remove();
}

/** Runs in the browser. */
async function measure(settings: { url: string; LENGTH: number; STOP_AFTER_MS: number }): Promise<Figures> {
  const started = performance.now();
  const worker = new Worker(settings.url, { type: 'module' });
  const listeners = new Set<(report: Report, at: number) => void>();
  worker.onmessage = ({ data }) => {
    for (const listener of [...listeners]) listener(data, performance.now());
  };
  const send = (order: Order) => worker.postMessage(order);
  const heard = (wanted: (report: Report) => boolean) =>
    new Promise<{ report: Report; at: number }>((resolve) => {
      const listener = (report: Report, at: number) => {
        if (!wanted(report)) return;
        listeners.delete(listener);
        resolve({ report, at });
      };
      listeners.add(listener);
    });
  const request = (seed: number): StoryRequest => ({
    prompt: 'It all began with',
    context: '',
    temperature: 0.4,
    length: settings.LENGTH,
    seed,
    model: 'scifi',
  });
  const state = (id: string, ...statuses: string[]) =>
    heard((report) => report.type === 'state' && report.id === id && statuses.includes(report.state.status));

  const ready = heard((report) => report.type === 'status' && report.status?.phase === 'ready');
  const first = state('first', 'writing');
  const finished = state('first', 'finished', 'failed');
  send({ type: 'write', id: 'first', request: request(1) });
  const readyAt = (await ready).at;
  const firstAt = (await first).at;
  await new Promise((resolve) => setTimeout(resolve, settings.STOP_AFTER_MS));
  const stopAt = performance.now();
  send({ type: 'stop', id: 'first' });
  const end = await finished;
  if (end.report.type !== 'state' || end.report.state.status !== 'finished') {
    throw new Error(JSON.stringify(end.report));
  }

  const rates: Record<number, number> = {};
  for (const stories of [1, 4]) {
    const ids = Array.from({ length: stories }, (_, i) => `${stories}-${i}`);
    const ends = ids.map((id) => state(id, 'finished', 'failed'));
    const from = performance.now();
    ids.forEach((id, seed) => {
      send({ type: 'write', id, request: request(seed) });
    });
    let characters = 0;
    for (const { report } of await Promise.all(ends)) {
      if (report.type === 'state' && 'text' in report.state) characters += report.state.text.length;
    }
    rates[stories] = (characters / (performance.now() - from)) * 1_000;
  }
  worker.terminate();
  return {
    engine: end.report.state.engine,
    readyMs: readyAt - started,
    firstTextMs: firstAt - readyAt,
    stopMs: end.at - stopAt,
    rates,
  };
}
