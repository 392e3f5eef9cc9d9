/**
 * deploy/kubernetes, checked against the schemas of Kubernetes and KEDA, and against what the processes
 * themselves do. No cluster was available when it was written.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CLOSE_DEADLINE_MS } from '../../src/cli/roles.ts';
import { SETTINGS } from '../../src/config/settings.ts';
import { readConfig } from '../../src/config.ts';
import { registry, watchQueues } from '../../src/metrics.ts';
import { readCompose } from '../helpers/compose.ts';
import {
  type Container,
  type Labels,
  type Manifest,
  readManifests,
  type Workload,
} from '../helpers/kubernetes.ts';

const require = createRequire(import.meta.url);
const GENERATED = fileURLToPath(new URL('../../node_modules/.cache/kubernetes/', import.meta.url));
const TSC = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url));

/** The path of the schema of a kind. Kustomize's own files have none: they never reach a cluster. */
function modelOf({ apiVersion, kind }: Manifest): string {
  const group = apiVersion.startsWith('keda.sh/') ? '@kubernetes-models/keda' : 'kubernetes-models';
  return `${group}/${apiVersion}/${kind}`;
}

describe('deploy/kubernetes', () => {
  let files: Record<'base' | 'keda', Map<string, Manifest[]>>;
  let manifests: Manifest[];
  const find = <T extends Manifest>(kind: string, name: string) =>
    manifests.find((one) => one.kind === kind && one.metadata.name === name) as T | undefined;
  const OURS = ['bots', 'worker'];
  const workload = (name: string) =>
    (find<Workload>('Deployment', name) ?? find<Workload>('StatefulSet', name))!;
  const containerOf = (name: string): Container => workload(name).spec.template.spec.containers[0];

  before(async () => {
    files = { base: await readManifests('base'), keda: await readManifests('keda') };
    const all = [...files.base.values(), ...files.keda.values()].flat();
    manifests = all.filter(({ kind }) => kind !== 'Kustomization');
  });

  it('conforms to the schemas of Kubernetes and KEDA', () => {
    assert.ok(manifests.length >= 14);
    for (const manifest of manifests) {
      const { [manifest.kind]: Model } = require(modelOf(manifest));
      const { name } = manifest.metadata;
      assert.doesNotThrow(() => new Model(manifest).validate(), `${manifest.kind} ${name}`);
    }
  });

  it('has no unknown field, which a schema accepts and a cluster ignores', async () => {
    const lines = manifests.flatMap((manifest, index) => [
      `import type { I${manifest.kind} as I${index} } from '${modelOf(manifest)}';`,
      `export const m${index}: I${index} = ${JSON.stringify(manifest, null, 1)};`,
    ]);
    await mkdir(GENERATED, { recursive: true });
    await writeFile(`${GENERATED}manifests.ts`, lines.join('\n'));
    const options = ['--noEmit', '--ignoreConfig', '--strict', '--skipLibCheck', '--target', 'es2023'];
    const resolution = ['--module', 'preserve', '--moduleResolution', 'bundler', '--types', ''];
    const { status, stdout } = spawnSync(
      process.execPath,
      [TSC, ...options, ...resolution, `${GENERATED}manifests.ts`],
      { encoding: 'utf8' },
    );
    assert.equal(status, 0, stdout);
  });

  it('grants only the permissions that are needed', async () => {
    const { services } = await readCompose();
    for (const name of [...OURS, 'redis'] as const) {
      const { spec } = workload(name).spec.template;
      const { user, deploy } = services[name as 'bots' | 'worker' | 'redis'];
      assert.equal(spec.automountServiceAccountToken, false, name);
      const { runAsUser, runAsGroup, runAsNonRoot, seccompProfile } = spec.securityContext;
      assert.equal(`${runAsUser}:${runAsGroup}`, user, `${name} is who it is in docker-compose.yml`);
      assert.deepEqual([runAsNonRoot, seccompProfile], [true, { type: 'RuntimeDefault' }], name);
      const { securityContext, resources, volumeMounts } = containerOf(name);
      assert.deepEqual(securityContext, {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      const composed = deploy.resources.limits.memory.replace(/m$/, 'Mi');
      assert.equal(resources.limits.memory, composed, `${name} has the memory that it has there`);
      assert.deepEqual(
        volumeMounts.map(({ mountPath }) => mountPath),
        [name === 'redis' ? '/data' : '/tmp'],
      );
    }
    const namespace = find('Namespace', 'scifi') as Manifest & { metadata: { labels: Labels } };
    assert.equal(namespace.metadata.labels['pod-security.kubernetes.io/enforce'], 'restricted');
    for (const { kind, metadata } of manifests) {
      if (kind !== 'Namespace') assert.equal(metadata.namespace, 'scifi', `${kind} ${metadata.name}`);
    }
  });

  it('has existing settings with valid values, and keeps the chats’ tokens from the workers', () => {
    const settings = find<Manifest & { data: Labels }>('ConfigMap', 'scifi-settings')!.data;
    const secrets = find<Manifest & { stringData: Labels }>('Secret', 'scifi-secrets')!.stringData;
    const environmentOf = (name: string): Record<string, string> => {
      const { env = [], envFrom = [] } = containerOf(name);
      return Object.assign(
        {},
        ...envFrom.map(({ configMapRef, secretRef }) => {
          assert.equal(
            configMapRef?.name ?? secretRef?.name,
            configMapRef ? 'scifi-settings' : 'scifi-secrets',
          );
          return configMapRef ? settings : secrets;
        }),
        ...env.map((one) => ({ [one.name]: one.value ?? secrets[one.valueFrom!.secretKeyRef.key] })),
      );
    };
    const bots = environmentOf('bots');
    const worker = environmentOf('worker');
    for (const name of [...Object.keys(bots), ...Object.keys(worker)]) {
      // The Redis of the manifests has its password in a separate setting.
      if (name !== 'REDIS_PASSWORD') assert.ok(SETTINGS.includes(name), name);
    }
    assert.deepEqual(
      Object.keys(worker).filter((name) => name in secrets),
      ['REDIS_URL'],
    );
    const url = new URL(secrets.REDIS_URL!);
    assert.deepEqual([url.password, url.hostname], [secrets.REDIS_PASSWORD, 'redis']);
    assert.ok(find('Service', 'redis'));
    const { discord, slack, allowedHosts, host } = readConfig(bots);
    assert.ok(discord && slack && allowedHosts.length > 0 && host === '0.0.0.0');
    const { threads, engine } = readConfig(worker);
    assert.equal(String(threads), containerOf('worker').resources.requests.cpu);
    assert.equal(engine, 'integer');
  });

  it('probes the operator’s port, and gives a process the time that it needs to end', () => {
    for (const name of OURS) {
      const { env = [], ports, startupProbe, readinessProbe, livenessProbe, lifecycle } = containerOf(name);
      const setting = env.find((one) => one.name === 'SCIFI_OPERATOR_PORT')!.value;
      assert.equal(String(ports.find((port) => port.name === 'operator')!.containerPort), setting);
      assert.deepEqual(
        [startupProbe, readinessProbe, livenessProbe].map((probe) => probe.httpGet),
        ['/readyz', '/readyz', '/healthz'].map((path) => ({ path, port: 'operator' })),
      );
      for (const { timeoutSeconds } of [startupProbe, readinessProbe, livenessProbe]) {
        assert.ok(timeoutSeconds >= 3, 'longer than a check may take');
      }
      const { terminationGracePeriodSeconds, containers } = workload(name).spec.template.spec;
      const pause = Number(lifecycle?.preStop.exec.command[1] ?? 0);
      assert.ok(terminationGracePeriodSeconds * 1_000 >= CLOSE_DEADLINE_MS + (pause + 5) * 1_000, name);
      assert.deepEqual(containers[0].args, [name]);
      const { annotations } = workload(name).spec.template.metadata;
      assert.equal(annotations!['prometheus.io/port'], setting);
    }
  });

  it('selects existing pods, and names existing ports', () => {
    const pods = ['bots', 'worker', 'redis'].map((name) => ({
      labels: workload(name).spec.template.metadata.labels,
      ports: containerOf(name).ports.map((port) => port.name),
    }));
    for (const name of ['bots', 'worker', 'redis']) {
      const { selector, template } = workload(name).spec;
      assert.deepEqual(selector.matchLabels, template.metadata.labels);
    }
    const selectors = manifests.flatMap((manifest) =>
      podSelectorsOf(manifest).map((selector) => ({
        selector,
        of: `${manifest.kind} ${manifest.metadata.name}`,
      })),
    );
    assert.ok(selectors.length >= 12);
    for (const { selector, of } of selectors) {
      assert.ok(
        pods.some(({ labels }) => matches(selector, labels)),
        `${of} selects nothing`,
      );
    }
    const named = JSON.stringify(manifests.filter(({ kind }) => ['NetworkPolicy', 'Service'].includes(kind)));
    for (const [, port] of named.matchAll(/"(?:port|targetPort)":"(\w+)"/g)) {
      assert.ok(
        pods.some(({ ports }) => ports.includes(port!)),
        `nobody has a port ${port}`,
      );
    }
  });

  it('allows traces to a collector, and Slack requests where the bots listen', async () => {
    const policies = manifests.filter(({ kind }) => kind === 'NetworkPolicy') as (Manifest & {
      spec: Policy;
    })[];
    const labelsOf = (name: string) => workload(name).spec.template.metadata.labels;
    const portsOf = (name: string, direction: 'ingress' | 'egress') =>
      policies
        .filter(({ spec }) => matches(spec.podSelector, labelsOf(name)))
        .flatMap(({ spec }) => spec[direction] ?? [])
        .flatMap(({ ports = [] }) => ports.map(({ port }) => port));
    const settings = await readFile(
      new URL('../../deploy/kubernetes/base/settings.yaml', import.meta.url),
      'utf8',
    );
    const [, endpoint] = /OTEL_EXPORTER_OTLP_ENDPOINT: (\S+)/.exec(settings)!;
    const { hostname, port } = new URL(endpoint!);
    for (const name of OURS) {
      assert.ok(portsOf(name, 'egress').includes(Number(port)), `${name} sends traces`);
      assert.equal(portsOf(name, 'ingress').includes('slack'), name === 'bots', name);
    }
    const traces = policies.find(({ metadata }) => metadata.name === 'traces')!;
    assert.ok(JSON.stringify(traces.spec.egress).includes(`"${hostname.split('.')[1]}"`), 'to its namespace');
    const { env = [], ports } = containerOf('bots');
    const listened = env.find(({ name }) => name === 'SLACK_PORT')!.value;
    assert.equal(String(ports.find(({ name }) => name === 'slack')!.containerPort), listened);
    const service = find<Manifest & { spec: { ports: { name: string; targetPort: string }[] } }>(
      'Service',
      'bots',
    )!;
    assert.deepEqual(
      service.spec.ports.map(({ targetPort }) => targetPort),
      ['page', 'slack'],
    );
    const http = readConfig({
      SLACK_BOT_TOKEN: 'xoxb-1',
      SLACK_SIGNING_SECRET: 'x'.repeat(32),
      SLACK_PORT: listened,
    });
    assert.deepEqual([http.slack?.http?.port, http.slack?.host], [3_001, '127.0.0.1']);
    // Without a signing secret, the port alone changes nothing: Socket Mode, or no Slack at all.
    assert.equal(readConfig({ SLACK_PORT: listened }).slack, undefined);
    const socket = readConfig({ SLACK_BOT_TOKEN: 'xoxb-1', SLACK_APP_TOKEN: 'xapp-1', SLACK_PORT: listened });
    assert.equal(socket.slack?.http, undefined);
  });

  it('allows the bots to reach Discord and Slack over IPv6, too', () => {
    const policy = manifests.find(({ metadata }) => metadata.name === 'page-and-chats') as Manifest & {
      spec: Policy;
    };
    const blocks = policy.spec.egress!.flatMap(({ to = [] }) => to.map(({ ipBlock }) => ipBlock?.cidr));
    assert.deepEqual(blocks, ['0.0.0.0/0', '::/0']);
  });

  it('configures Redis as docker-compose.yml does, with a password in addition', async () => {
    const { services } = await readCompose();
    const { args, image } = containerOf('redis');
    assert.equal(image, services.redis.image);
    const [, ...composed] = services.redis.command!;
    assert.deepEqual(args, [...composed, '--requirepass', '$(REDIS_PASSWORD)']);
  });

  it('scales workers by an existing metric, and keeps each busy but not full', async () => {
    const { spec } = find<Manifest & { spec: ScaledSpec }>('ScaledObject', 'worker')!;
    assert.equal(spec.scaleTargetRef.name, workload('worker').metadata.name);
    const { query, threshold } = spec.triggers[0].metadata;
    watchQueues({ stories: async () => ({ waiting: 1, prioritized: 2, active: 3, completed: 4 }) });
    const [, states] = /scifi_queue_jobs\{queue="stories",state=~"([a-z|]+)"\}/.exec(query)!;
    const text = await registry.metrics();
    for (const state of states!.split('|')) {
      assert.match(text, new RegExp(`^scifi_queue_jobs\\{queue="stories",state="${state}"\\} \\d`, 'm'));
    }
    assert.deepEqual(states!.split('|').toSorted(), ['active', 'prioritized', 'waiting']);
    const { slots } = readConfig({});
    assert.ok(Number(threshold) > slots / 2 && Number(threshold) < slots);
    assert.equal(spec.minReplicaCount, workload('worker').spec.replicas);
  });

  it('includes all files except the example of a secret', () => {
    for (const folder of ['base', 'keda'] as const) {
      const kustomization = files[folder].get('kustomization.yaml')![0] as unknown as { resources: string[] };
      const listed = kustomization.resources.filter((one) => one.endsWith('.yaml'));
      const there = [...files[folder].keys()].filter(
        (file) => !/^(kustomization|secret\.example)/.test(file),
      );
      assert.deepEqual(listed.toSorted(), there.toSorted());
    }
  });
});

interface Policy {
  readonly podSelector: Selector;
  readonly ingress?: readonly { readonly ports?: readonly { readonly port: string | number }[] }[];
  readonly egress?: readonly {
    readonly ports?: readonly { readonly port: string | number }[];
    readonly to?: readonly { readonly ipBlock?: { readonly cidr: string } }[];
  }[];
}

interface ScaledSpec {
  readonly scaleTargetRef: { readonly name: string };
  readonly minReplicaCount: number;
  readonly triggers: readonly [{ readonly metadata: { readonly query: string; readonly threshold: string } }];
}

interface Selector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly { key: string; operator: string; values: readonly string[] }[];
}

/** Every pod selector in a manifest, including the bare labels of a Service. */
function podSelectorsOf(manifest: Manifest): Selector[] {
  const found: Selector[] = [];
  const walk = (value: unknown, key = '') => {
    if (typeof value !== 'object' || value === null) return;
    if (key === 'podSelector' || key === 'labelSelector') found.push(value as Selector);
    else if (key === 'selector') {
      found.push(manifest.kind === 'Service' ? { matchLabels: value as Labels } : (value as Selector));
    } else for (const [name, inner] of Object.entries(value)) walk(inner, name);
  };
  walk(manifest);
  return found;
}

function matches({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Labels): boolean {
  return (
    Object.entries(matchLabels).every(([name, value]) => labels[name] === value) &&
    matchExpressions.every(({ key, operator, values }) => operator === 'In' && values.includes(labels[key]!))
  );
}
