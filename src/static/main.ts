/** The page without a server. */
import { openPage } from '../page/page.ts';
import { drawSeed } from '../page/environment.ts';
import type { ModelChoice } from '../story/story.ts';
import { WorkerHome } from './home.ts';
import { startWorker } from './start-worker.ts';

/** Set by the build. */
declare const STATIC_MODELS: readonly ModelChoice[];

openPage(new WorkerHome({ thread: startWorker(), models: STATIC_MODELS, drawSeed }));
