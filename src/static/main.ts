/** The page without a server. */

import { drawSeed } from '../page/environment.ts';
import { openPage } from '../page/page.ts';
import type { ModelChoice } from '../story/story.ts';
import { WorkerBackend } from './home.ts';
import { startWorker } from './start-worker.ts';

/** Set by the build. */
declare const STATIC_MODELS: readonly ModelChoice[];

openPage(new WorkerBackend({ thread: startWorker(), models: STATIC_MODELS, drawSeed }));
