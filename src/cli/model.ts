import type { Command } from 'commander';
import { addModelExport } from './model/export.ts';
import { addModelImport } from './model/import.ts';
import { addModelInspect } from './model/inspect.ts';
import { addModelLexicon } from './model/lexicon.ts';
import { addModelList } from './model/list.ts';
import { addModelUse } from './model/use.ts';

/** `model`: manages models. */
export function addModel(program: Command): void {
  const model = program.command('model').description('work with models on disk').exitOverride();
  addModelImport(model);
  addModelExport(model);
  addModelList(model);
  addModelUse(model);
  addModelInspect(model);
  addModelLexicon(model);
  for (const command of model.commands) command.exitOverride();
}
