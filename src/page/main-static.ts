/** The page without a server: an entry point of its bundle. */
import type { ModelChoice } from '../story/story.ts';
import { startWorker, WorkerBackend } from './backend/worker.ts';
import { drawSeed } from './browser.ts';
import { openPage } from './page.ts';

/** Set by the build. */
declare const STATIC_MODELS: readonly ModelChoice[];

openPage(new WorkerBackend({ thread: startWorker(), models: STATIC_MODELS, drawSeed }));
