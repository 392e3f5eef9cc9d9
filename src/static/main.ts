/** The page without a server. */
import { openPage } from '../bots/web/page/page.ts';
import { drawSeed } from '../bots/web/page/surroundings.ts';
import type { ModelChoice } from '../story.ts';
import { WorkerHome } from './home.ts';
import { startWorker } from './start-worker.ts';

/** Set by the build. */
declare const STATIC_MODELS: readonly ModelChoice[];

openPage(new WorkerHome({ thread: startWorker(), models: STATIC_MODELS, drawSeed }));
