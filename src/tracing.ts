/**
 * Traces of requests through BullMQ's own hook: one trace from the reply's job to the finished story, across
 * processes. Loaded only if a collector is configured. No trace holds prompts, stories or messages to users.
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
  /** Sends the remaining spans, within a time limit. */
  close(): Promise<void>;
}

const SERVICE = 'write-me-a-sci-fi';
/** An unreachable collector does not keep a process from ending. */
const CLOSE_TIMEOUT_MS = 2_000;

/**
 * The attributes of a job that may be sent. All others are dropped, among them the job's result and its
 * failure reason: a story, and a sentence for a user.
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
 * @param exporter where spans go at once, for tests; by default to OTEL_EXPORTER_OTLP_ENDPOINT, in batches,
 *   as the other OTEL_ variables of the environment say
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

/** A tracer that records how jobs are added and processed, and no text that a user wrote or was shown. */
function discreet(tracer: Tracer): Tracer {
  return {
    startSpan(name: string, options?: SpanOptions, context?: unknown): Span {
      // Workers poll for jobs and renew locks every second; these spans carry no information.
      if (options?.kind === SpanKind.INTERNAL) return NO_SPAN;
      const span = tracer.startSpan(name, options, context);
      return {
        setSpanOnContext: (on) => span.setSpanOnContext(on),
        setAttribute: (key, value) => {
          if (ATTRIBUTES.has(key)) span.setAttribute(key, value);
        },
        setAttributes: (attributes) => span.setAttributes(allowed(attributes)),
        addEvent: (event, attributes = {}) => span.addEvent(event, allowed(attributes)),
        // Error messages are written for users, or hold the text that was being processed.
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
