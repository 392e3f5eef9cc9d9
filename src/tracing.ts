/**
 * Traces of what becomes of a request, through BullMQ's own hook: one trace from the reply that is asked for to the
 * story that is written, across processes. Loaded only where somebody collects them. What people wrote and were
 * told is in none of them.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { DiagLogLevel, diag, SpanKind } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  NodeTracerProvider,
  SimpleSpanProcessor,
  type SpanExporter,
} from '@opentelemetry/sdk-trace-node';
import type { Attributes, Span, SpanOptions, Telemetry, Tracer } from 'bullmq';
import { BullMQOtel } from 'bullmq-otel';
import type { Logger } from 'pino';

export interface Tracing {
  /** For the queues. */
  readonly telemetry: Telemetry;
  /** Sends what is left, unless that takes too long. */
  close(): Promise<void>;
}

const SERVICE = 'write-me-a-sci-fi';
/** A collector that is away does not keep a process from ending. */
const CLOSE_TIMEOUT_MS = 2_000;

/**
 * What BullMQ says of a job that may be passed on. Everything else is dropped, among it the job's result and why
 * it failed: a story, and a sentence for a person.
 */
const ATTRIBUTES: ReadonlySet<string> = new Set([
  'bullmq.queue.name',
  'bullmq.queue.operation',
  'bullmq.job.name',
  'bullmq.job.id',
  'bullmq.job.attempts.made',
  'bullmq.job.processed.timestamp',
  'bullmq.job.attempt_finished_timestamp',
  'bullmq.worker.id',
]);

/**
 * Starts tracing in this process.
 *
 * @param exporter where spans go at once, for tests; by default to OTEL_EXPORTER_OTLP_ENDPOINT, in batches, as the
 *   other OTEL_ variables of the environment say
 */
export function startTracing(logger: Logger, exporter?: SpanExporter): Tracing {
  const reason = (message: string) => logger.warn({ reason: message }, 'tracing');
  const ignore = () => {};
  diag.setLogger(
    { error: reason, warn: ignore, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.ERROR, suppressOverrideMessage: true },
  );
  const provider = new NodeTracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': SERVICE }))
      // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES.
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [
      exporter ? new SimpleSpanProcessor(exporter) : new BatchSpanProcessor(new OTLPTraceExporter()),
    ],
  });
  provider.register();
  const bullmq = new BullMQOtel({ tracerName: SERVICE });
  return {
    telemetry: { contextManager: bullmq.contextManager, tracer: discreet(bullmq.tracer) },
    async close() {
      await Promise.race([provider.shutdown(), sleep(CLOSE_TIMEOUT_MS, undefined, { ref: false })]);
    },
  };
}

/** A tracer of jobs being added and processed, and of nothing that a person wrote or was told. */
function discreet(tracer: Tracer): Tracer {
  return {
    startSpan(name: string, options?: SpanOptions, context?: unknown): Span {
      // How workers look for jobs and renew locks, every second: traces of nothing.
      if (options?.kind === SpanKind.INTERNAL) return NO_SPAN;
      const span = tracer.startSpan(name, options, context);
      return {
        setSpanOnContext: (on) => span.setSpanOnContext(on),
        setAttribute: (key, value) => {
          if (ATTRIBUTES.has(key)) span.setAttribute(key, value);
        },
        setAttributes: (attributes) => span.setAttributes(allowed(attributes)),
        addEvent: (event, attributes = {}) => span.addEvent(event, allowed(attributes)),
        // Messages of errors are for people, or hold what was being worked on.
        recordException: () => span.addEvent('exception'),
        end: () => span.end(),
      };
    },
  };
}

function allowed(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([key]) => ATTRIBUTES.has(key)));
}

const nothing = () => {};
const NO_SPAN: Span = {
  setSpanOnContext: (context) => context,
  setAttribute: nothing,
  setAttributes: nothing,
  addEvent: nothing,
  recordException: nothing,
  end: nothing,
};
