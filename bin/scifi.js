#!/usr/bin/env node
// The `scifi` command, from any folder: `npm link` puts it on the PATH.
import { startProgram } from './start.js';

await startProgram();
