/**
 * Measures the page without a server in Chromium, at its worker: the time until it is ready, the time to the
 * first text, characters per second, and the delay of Stop. The engines take turns, on one thread each.
 */
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { endWith, readCommandLine } from '../scripts/command-line.ts';
import { buildStatic } from '../scripts/static/build.ts';
import type { EngineName } from '../src/generator/engines/choose.ts';
import type { Order, Report } from '../src/page/backend/worker.ts';
import { launch } from '../test/bots/web/browser.ts';
import { temporaryFolder } from '../test/helpers/programs.ts';
import { type StaticHost, startStaticHost } from '../test/helpers/static-host.ts';
import { figure, machine, median, request, table } from './measure.ts';

const ROUNDS = 5;
const LENGTH = 3_000;
/** Long enough that a story is stopped before its end. */
const STOPPED_LENGTH = 6_000;
const STOP_AFTER_MS = 100;
const CROWDS = [1, 4];
const ENGINES: readonly string[] = ['integer', 'wasm', 'webgpu'];

/** What one visit measures. */
interface Figures {
  readonly readyMs: number;
  /** Of the first story. */
  readonly firstTextMs: number;
  /** The longest delay of Stop, by number of stories. */
  readonly stopMs: readonly number[];
  /** Characters per second, by number of stories. */
  readonly rates: readonly number[];
}

const HELP = `
npm run bench:static -- [ENGINE...]

Measures the page without a server in Chromium on engines: ${ENGINES.join(', ')} (default: integer wasm).
`;

const { positionals } = readCommandLine(HELP, {}, ENGINES.length);
const engines = positionals.length > 0 ? positionals : ['integer', 'wasm'];
for (const name of engines) {
  if (!ENGINES.includes(name)) endWith(`Unknown engine ${name}. Choose from ${ENGINES.join(', ')}.`);
}
const { folder, remove } = await temporaryFolder();
const hosts: StaticHost[] = [];
const browser = await launch();
try {
  for (const engine of engines) {
    const site = `${folder}/${engine}`;
    await buildStatic(site, {
      modelsFolder: fileURLToPath(new URL('../models', import.meta.url)),
      engine: engine as EngineName,
    });
    hosts.push(await startStaticHost(site, '/bench/'));
  }
  const visits: Figures[][] = engines.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, host] of hosts.entries()) visits[i]!.push(await visit(browser, host));
  }
  const rows = engines.map((engine, i) => {
    const middle = (of: (figures: Figures) => number) => figure(median(visits[i]!.map(of)));
    return [
      engine,
      middle(({ readyMs }) => readyMs),
      middle(({ firstTextMs }) => firstTextMs),
      ...CROWDS.map((_, crowd) => middle(({ stopMs }) => stopMs[crowd]!)),
      ...CROWDS.map((_, crowd) => middle(({ rates }) => rates[crowd]!)),
    ];
  });
  const header = ['engine', 'ready, ms', 'first text, ms', 'Stop of 1, ms', 'Stop of 4, ms'];
  console.log(`${machine()}, Chromium ${browser.version()}; medians of ${ROUNDS} visits\n`);
  console.log(table([...header, '1 story, characters/s', '4 stories, characters/s'], rows));
} finally {
  await browser.close();
  for (const host of hosts) await host.close();
  await remove();
}

async function visit(browser: Browser, host: StaticHost): Promise<Figures> {
  const page = await browser.newPage();
  // tsx inserts calls of this helper into its output.
  await page.addInitScript('globalThis.__name = (value) => value');
  // A document of the same origin without the page's own worker.
  await page.goto(`${host.url}models/scifi/vocabulary.json`);
  const orders = {
    stopped: CROWDS.map((size) => Array.from({ length: size }, (_, seed) => request(seed, STOPPED_LENGTH))),
    whole: CROWDS.map((size) => Array.from({ length: size }, (_, seed) => request(seed, LENGTH))),
  };
  const figures = await page.evaluate(measure, { url: `${host.url}worker.js`, STOP_AFTER_MS, ...orders });
  await page.close();
  return figures;
}

type Requests = ReturnType<typeof request>[];

/** Runs in the browser. */
async function measure(settings: {
  url: string;
  STOP_AFTER_MS: number;
  stopped: Requests[];
  whole: Requests[];
}): Promise<Figures> {
  const started = performance.now();
  const worker = new Worker(settings.url, { type: 'module' });
  const listeners = new Set<(report: Report, at: number) => void>();
  worker.onmessage = ({ data }) => {
    const at = performance.now();
    for (const listener of [...listeners]) listener(data, at);
  };
  const send = (order: Order) => worker.postMessage(order);
  const received = (wanted: (report: Report) => boolean) =>
    new Promise<{ report: Report; at: number }>((resolve) => {
      const listener = (report: Report, at: number) => {
        if (!wanted(report)) return;
        listeners.delete(listener);
        resolve({ report, at });
      };
      listeners.add(listener);
    });
  const state = (id: string, ...statuses: string[]) =>
    received(
      (report) => report.type === 'state' && report.id === id && statuses.includes(report.state.status),
    );
  let stories = 0;
  /** Requests stories; resolves the first text of any, and the end of each. */
  const write = (requests: Requests) => {
    const ids = requests.map(() => `story-${stories++}`);
    const first = Promise.race(ids.map((id) => state(id, 'writing')));
    const ends = ids.map((id) => state(id, 'finished', 'failed'));
    ids.forEach((id, i) => {
      send({ type: 'write', id, request: requests[i]! });
    });
    return { ids, first, ends };
  };
  const pause = () => new Promise((resolve) => setTimeout(resolve, settings.STOP_AFTER_MS));

  const ready = received((report) => report.type === 'status' && report.status?.phase === 'ready');
  send({ type: 'prepare', model: 'scifi' });
  const readyAt = (await ready).at;
  const firstTextMs: number[] = [];
  const stopMs: number[] = [];
  for (const requests of settings.stopped) {
    const askedAt = performance.now();
    const { ids, first, ends } = write(requests);
    firstTextMs.push((await first).at - askedAt);
    await pause();
    const stopAt = performance.now();
    for (const id of ids) send({ type: 'stop', id });
    const ended = await Promise.all(ends);
    for (const { report } of ended) {
      const isStopped =
        report.type === 'state' && report.state.status === 'finished' && report.state.ending === 'stopped';
      if (!isStopped) throw new Error(JSON.stringify(report));
    }
    stopMs.push(Math.max(...ended.map(({ at }) => at)) - stopAt);
  }

  const rates: number[] = [];
  for (const requests of settings.whole) {
    const from = performance.now();
    let characters = 0;
    for (const { report } of await Promise.all(write(requests).ends)) {
      if (report.type === 'state' && 'text' in report.state) characters += report.state.text.length;
    }
    rates.push((characters / (performance.now() - from)) * 1_000);
  }
  worker.terminate();
  return { readyMs: readyAt - started, firstTextMs: firstTextMs[0]!, stopMs, rates };
}
