/** The guarantees of docker-compose.yml, read from the file: no container engine is needed or used. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join, resolve } from 'node:path';
import { before, describe, it } from 'node:test';
import { CLOSE_DEADLINE_MS } from '../src/cli/roles.ts';
import { SETTINGS } from '../src/config/settings.ts';
import { readConfig } from '../src/config.ts';
import {
  type Compose,
  composeVariables,
  durationMs,
  type Mount,
  OURS,
  PINNED,
  readCompose,
  type Service,
} from './helpers/compose.ts';
import { freePort, temporaryFolder } from './helpers/programs.ts';

/** Settings that docker-compose.yml fixes for its containers. */
const FIXED: ReadonlySet<string> = new Set([
  'REDIS_URL',
  'REDIS_TLS_CA',
  'REDIS_TLS_CERT',
  'REDIS_TLS_KEY',
  'REDIS_SENTINEL_USERNAME',
  'REDIS_SENTINEL_PASSWORD',
  'SCIFI_DATA',
  'SCIFI_HOST',
  'SCIFI_OPERATOR_HOST',
  'SCIFI_HEARTBEAT',
  'SCIFI_ENGINE',
  'SCIFI_ENGINES',
  'SCIFI_THREADS',
]);

describe('docker-compose.yml', () => {
  let compose: Compose;
  let services: [string, Service][];

  before(async () => {
    compose = await readCompose();
    services = Object.entries(compose.services);
  });

  it('has Redis, the bots, and workers with and without a GPU', () => {
    assert.deepEqual(
      services.map(([name]) => name),
      ['redis', ...OURS],
    );
    assert.deepEqual(
      OURS.map((name) => compose.services[name].command),
      [['bots'], ['worker'], ['worker']],
    );
    assert.deepEqual(
      OURS.map((name) => compose.services[name].profiles ?? []),
      [[], [], ['gpu']],
    );
  });

  it('grants only the permissions that are needed', () => {
    for (const [name, service] of services) {
      assert.match(service.user, /^[1-9]\d*:[1-9]\d*$/, `${name} is not root`);
      assert.equal(service.read_only, true, name);
      assert.deepEqual(service.cap_drop, ['ALL'], name);
      assert.equal(service.cap_add, undefined, name);
      assert.equal(service.privileged, undefined, name);
      assert.deepEqual(service.security_opt, ['no-new-privileges:true'], name);
      const { cpus, memory, pids } = service.deploy.resources.limits;
      assert.ok(Number(cpus) > 0 && /^\d+[mg]$/.test(memory) && pids > 0, name);
    }
    for (const name of OURS) {
      const { tmpfs, volumes } = compose.services[name];
      assert.equal(tmpfs?.length, 1, name);
      assert.match(tmpfs[0]!, /^\/tmp:size=\d+m,/, `${name} has a bounded place for temporary files`);
      const [models, ...others] = volumes as readonly Mount[];
      assert.deepEqual(others, [], `${name} has no other volume`);
      assert.deepEqual([models!.target, models!.read_only], ['/app/models', true], name);
      assert.equal(models!.bind.create_host_path, false, 'a folder that is not there is an error');
    }
  });

  it('publishes the page to this machine only, and does not publish Redis', () => {
    for (const [name, { ports }] of services) {
      assert.deepEqual(ports, name === 'bots' ? ['127.0.0.1:3000:3000'] : undefined);
    }
    assert.equal(compose.networks.queue?.internal, true);
    for (const name of ['redis', 'worker', 'worker-gpu'] as const) {
      assert.deepEqual(compose.services[name].networks, ['queue']);
    }
    assert.deepEqual(compose.services.bots.networks, ['queue', 'outside']);
    assert.notEqual(compose.networks.outside?.internal, true);
  });

  it('has a Redis that persists its data', () => {
    const { image, command, volumes, deploy, healthcheck } = compose.services.redis;
    assert.match(image, PINNED);
    const options = new Map<string, string>();
    for (let at = 1; at < command!.length; at += 2) options.set(command![at]!, command![at + 1]!);
    assert.equal(options.get('--appendonly'), 'yes');
    assert.equal(options.get('--maxmemory-policy'), 'noeviction');
    const most = Number(/^(\d+)mb$/.exec(options.get('--maxmemory')!)![1]);
    assert.ok(most * 2 <= Number.parseInt(deploy.resources.limits.memory, 10), 'room to rewrite its file');
    assert.deepEqual(volumes, ['redis:/data']);
    assert.ok('redis' in compose.volumes);
    assert.match(healthcheck.test.join(' '), /redis-cli ping/);
  });

  it('has existing settings with valid values', async () => {
    // Settings that are only valid together, and one that only this file has.
    const chosen = {
      SCIFI_OPERATOR_PORT: '9464',
      SCIFI_BOARD_PASSWORD: 'an-example-of-one',
      DISCORD_TOKEN: 'an.example.token',
      SLACK_SIGNING_SECRET: 'an-example-of-a-secret',
      SLACK_PORT: '3001',
      SLACK_CLIENT_ID: '1.2',
      SLACK_CLIENT_SECRET: 'another-secret',
      SLACK_STATE_SECRET: 'a-secret-of-our-own',
      SLACK_ENCRYPTION_KEY: '0123456789abcdef'.repeat(4),
      WORKER_CPUS: '4',
    };
    const other = await readCompose(chosen);
    for (const name of OURS) {
      for (const { services } of [compose, other]) {
        const { environment = {}, deploy } = services[name];
        for (const setting of Object.keys(environment)) {
          if (!/^(NVIDIA|OTEL)_/.test(setting)) assert.ok(SETTINGS.includes(setting), `${name}: ${setting}`);
        }
        const config = readConfig(environment);
        assert.equal(config.redisUrl, 'redis://redis:6379');
        if (name !== 'bots') assert.equal(config.threads, Number(deploy.resources.limits.cpus));
      }
    }
    const { environment: worker = {} } = other.services.worker;
    assert.equal(worker.SCIFI_THREADS, '4');
    const one = await readCompose({ SLACK_BOT_TOKEN: 'xoxb-example', SLACK_APP_TOKEN: 'xapp-example' });
    assert.equal(readConfig(one.services.bots.environment!).slack?.botToken, 'xoxb-example');
  });

  it('passes every setting of .env.example to the containers, except those that are fixed here', async () => {
    const example = await readFile(new URL('../.env.example', import.meta.url), 'utf8');
    const explained = [...example.matchAll(/^#?([A-Z][A-Z0-9_]+)=|\b(OTEL_[A-Z_]+)\b/gm)].map(
      ([, setting, telemetry]) => setting ?? telemetry!,
    );
    for (const setting of SETTINGS) assert.ok(explained.includes(setting), `${setting} is explained`);
    const chosen = Object.fromEntries(explained.map((name) => [name, `<${name}>`]));
    const { services } = await readCompose(chosen);
    const ours = OURS.map((name) => JSON.stringify(services[name]));
    const reached = (name: string) => ours.filter((service) => service.includes(`<${name}>`)).length;
    for (const name of explained) {
      if (FIXED.has(name)) assert.equal(reached(name), 0, `${name} is not an exception`);
      else assert.ok(reached(name) > 0, `${name} reaches no container`);
    }
    // Settings that all processes read have the same value in all of them.
    for (const name of explained.filter((one) =>
      /^(OTEL_|LOG_|SCIFI_(PREFIX|MODELS|OPERATOR|BOARD))/.test(one),
    )) {
      if (!FIXED.has(name)) assert.equal(reached(name), OURS.length, name);
    }
    const file = await readFile(new URL('../docker-compose.yml', import.meta.url), 'utf8');
    for (const name of FIXED) {
      const family = name.startsWith('REDIS_') ? 'REDIS_*' : name;
      assert.ok(file.includes(family), `${name} is named as an exception`);
    }
  });

  it('uses no undocumented variable', async () => {
    const example = await readFile(new URL('../.env.example', import.meta.url), 'utf8');
    const operations = await readFile(new URL('../docs/operations.md', import.meta.url), 'utf8');
    const dockerfile = await readFile(new URL('../Dockerfile', import.meta.url), 'utf8');
    const own = ['WORKER_CPUS', 'GPU_ENGINE'];
    for (const name of await composeVariables()) {
      const isArgument = dockerfile.includes(`ARG ${name}=`);
      const isTold = example.includes(name) || (name.startsWith('OTEL_') && operations.includes(name));
      assert.ok(isTold || isArgument || own.includes(name), name);
    }
  });

  it('mounts a folder with the operator’s models, or the repository’s', async () => {
    const sources = (of: Compose) => OURS.map((name) => (of.services[name].volumes![0] as Mount).source);
    assert.deepEqual(sources(compose), ['./models', './models', './models']);
    const other = await readCompose({ SCIFI_MODELS: '/srv/models' });
    assert.deepEqual(sources(other), ['/srv/models', '/srv/models', '/srv/models']);
    // Within the container it is the folder that the program uses by default.
    const { modelsFolder } = readConfig(compose.services.bots.environment!);
    assert.equal(modelsFolder, resolve('models'));
  });

  it('binds the page within the container, and lets it answer only to its own host names', () => {
    const { host, port, allowedHosts } = readConfig(compose.services.bots.environment!);
    assert.deepEqual([host, port], ['0.0.0.0', 3_000]);
    assert.ok(allowedHosts.length > 0, 'without one it answers to every name');
  });

  it('stops cleanly: SIGTERM reaches Node.js, and no process is killed before its deadline', () => {
    for (const [name, { init, stop_grace_period, restart }] of services) {
      assert.equal(init, true, name);
      assert.equal(restart, 'unless-stopped', name);
      assert.ok(durationMs(stop_grace_period) >= CLOSE_DEADLINE_MS + 5_000, name);
    }
    for (const name of OURS) {
      assert.deepEqual(compose.services[name].depends_on, { redis: { condition: 'service_healthy' } });
    }
  });

  it('gives the GPU, with its Vulkan driver, to workers of the gpu profile alone', async () => {
    for (const [name, { runtime, deploy, environment }] of services) {
      const devices = deploy.resources.reservations?.devices;
      if (name !== 'worker-gpu') {
        assert.deepEqual([runtime, devices], [undefined, undefined], name);
        continue;
      }
      assert.equal(runtime, 'nvidia');
      assert.equal(devices?.length, 1);
      assert.equal(devices[0]!.driver, 'nvidia');
      assert.deepEqual(devices[0]!.capabilities, ['gpu', 'compute', 'graphics', 'utility']);
      assert.equal(environment!.NVIDIA_DRIVER_CAPABILITIES, 'compute,graphics,utility');
      assert.equal(environment!.SCIFI_ENGINE, 'webgpu');
    }
    const cuda = await readCompose({ GPU_ENGINE: 'cuda', TFJS_NODE_GPU: '1', GPU_IMAGE: 'cuda:12' });
    const { build, environment } = cuda.services['worker-gpu'];
    assert.equal(environment!.SCIFI_ENGINE, 'cuda');
    assert.deepEqual([build!.args!.TFJS_NODE_GPU, build!.args!.GPU_IMAGE], ['1', 'cuda:12']);
  });

  it('checks that a worker’s heartbeat is fresh', async () => {
    const { folder, remove } = await temporaryFolder();
    try {
      const { healthcheck, environment } = compose.services.worker;
      assert.match(environment!.SCIFI_HEARTBEAT!, /^\/tmp\//);
      const file = join(folder, 'heartbeat');
      const env = { SCIFI_HEARTBEAT: file };
      assert.notEqual(await runCheck(healthcheck.test, env), 0, 'none');
      await writeFile(file, '');
      assert.equal(await runCheck(healthcheck.test, env), 0, 'a fresh one');
      const aMinuteAgo = Date.now() / 1_000 - 60;
      await utimes(file, aMinuteAgo, aMinuteAgo);
      assert.notEqual(await runCheck(healthcheck.test, env), 0, 'an old one');
      assert.deepEqual(compose.services['worker-gpu'].healthcheck.test, healthcheck.test);
    } finally {
      await remove();
    }
  });

  it('checks that the bots answer', async () => {
    const { test } = compose.services.bots.healthcheck;
    const port = await freePort();
    const env = { SCIFI_PORT: String(port) };
    assert.notEqual(await runCheck(test, env), 0, 'no server');
    const asked: (string | undefined)[] = [];
    let status = 200;
    const server = createServer((request, response) => {
      asked.push(request.url);
      response.writeHead(status).end();
    }).listen(port, '127.0.0.1');
    try {
      assert.equal(await runCheck(test, env), 0, 'healthy');
      status = 503;
      assert.notEqual(await runCheck(test, env), 0, 'unhealthy');
      assert.deepEqual(asked, ['/healthz', '/healthz']);
    } finally {
      server.close();
    }
  });
});

/** Runs a check as a container would; returns its exit code. */
async function runCheck(test: readonly string[], env: Record<string, string>): Promise<number> {
  const [how, program, ...args] = test;
  assert.deepEqual([how, program], ['CMD', 'node']);
  const child = spawn(process.execPath, args, { env, stdio: 'ignore' });
  const [code] = await once(child, 'exit');
  return code;
}
