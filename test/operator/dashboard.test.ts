import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { it } from 'node:test';
import {
  registry,
  watchExpectedWait,
  watchFeedback,
  watchProcess,
  watchQueues,
  watchSlots,
} from '../../src/metrics.ts';

/** The suffixes that Prometheus adds to a histogram's name. */
const SUFFIX = /_(bucket|count|sum)$/;

it('the dashboard queries existing metrics only, and shows all of ours', async () => {
  watchProcess();
  watchQueues({});
  watchExpectedWait(async () => 1);
  watchFeedback(async () => []);
  watchSlots(() => ({ active: 0, capacity: 0 }));
  const text = await readFile(new URL('../../deploy/grafana/dashboard.json', import.meta.url), 'utf8');
  const { panels } = JSON.parse(text) as { panels: { targets: { expr: string }[] }[] };
  const expressions = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)).join('\n');
  const asked = new Set(
    expressions.match(/\b(scifi|nodejs|process)_\w+/g)?.map((name) => name.replace(SUFFIX, '')),
  );
  const there = (await registry.getMetricsAsJSON()).map(({ name }) => name);
  for (const name of asked) assert.ok(there.includes(name), `there is no metric ${name}`);
  for (const name of there.filter((one) => one.startsWith('scifi_')))
    assert.ok(asked.has(name), `${name} is not shown`);
  const labels = expressions.matchAll(/(scifi_\w+)\{([^}]*)\}/g);
  for (const [, name = '', filter = ''] of labels) {
    const metric = registry.getSingleMetric(name.replace(SUFFIX, '')) as unknown as { labelNames: string[] };
    for (const [, label = ''] of filter.matchAll(/(\w+)=/g)) {
      assert.ok(metric.labelNames.includes(label), `${name} has no label ${label}`);
    }
  }
  registry.clear();
});
