import type * as OpenTelemetry from '@opentelemetry/api';
import type { Context, Span, Tracer } from '@opentelemetry/api';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import { VERSION } from '../../matching/version';
import { workerIdentity } from '../log/worker-log';
import type { TraceSettings } from './trace-settings';

/** Spans go to a collector as long as this is open. */
export interface OpenTracer {
  readonly api: typeof OpenTelemetry;
  readonly tracer: Tracer;
  /** A context whose spans are children of this one, which another process may have. */
  below(traceId: string, spanId: string): Context;
  /** Carries out `start`, which starts one span, so that it has this identity instead of one by chance. */
  startAs(ids: SpanIdentity, start: () => Span): Span;
  /** Sends what is left, as far as that takes no longer than `limitMs`. */
  close(limitMs: number): Promise<void>;
}

export interface SpanIdentity {
  readonly traceId: string;
  readonly spanId: string;
}

/** Told, with a sentence, when spans do not arrive. */
export type OnTraceTrouble = (message: string) => void;

/**
 * Loads OpenTelemetry, and opens a tracer that sends its spans by OTLP over HTTP, as protobuf. Address, headers, time limit,
 * compression and the attributes of the resource are those of the standard variables, which its packages read themselves.
 *
 * @throws Error when the packages are not installed
 */
export async function openTracer({ ratio }: TraceSettings, onTrouble: OnTraceTrouble): Promise<OpenTracer> {
  const api = await import('@opentelemetry/api');
  const { BatchSpanProcessor, RandomIdGenerator, TraceIdRatioBasedSampler, TracerProvider } =
    await import('@opentelemetry/sdk-trace');
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-proto');
  const { detectResources, envDetector, resourceFromAttributes } = await import('@opentelemetry/resources');

  let chosen: SpanIdentity | null = null;
  const byChance = new RandomIdGenerator();
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': 'sae-match',
      'service.version': VERSION,
      'service.instance.id': workerIdentity(),
    }).merge(detectResources({ detectors: [envDetector] })),
    // By the id of the trace, so that all processes agree on which runs are traced.
    sampler: new TraceIdRatioBasedSampler(ratio),
    spanProcessors: [new BatchSpanProcessor({ exporter: reporting(new OTLPTraceExporter(), onTrouble) })],
    idGenerator: {
      generateTraceId: () => chosen?.traceId ?? byChance.generateTraceId(),
      generateSpanId: () => chosen?.spanId ?? byChance.generateSpanId(),
    },
  });
  return {
    api,
    tracer: provider.getTracer('sae-match', VERSION),
    below: (traceId, spanId) =>
      api.trace.setSpanContext(api.ROOT_CONTEXT, {
        traceId,
        spanId,
        traceFlags: api.TraceFlags.SAMPLED,
        isRemote: true,
      }),
    startAs: (ids, start) => {
      chosen = ids;
      try {
        return start();
      } finally {
        chosen = null;
      }
    },
    close: async (limitMs) => {
      let timer: NodeJS.Timeout | undefined;
      const limit = new Promise<void>((resolve) => {
        timer = setTimeout(() => {
          onTrouble(`the collector has not answered within ${limitMs / 1000} s`);
          resolve();
        }, limitMs);
      });
      await Promise.race([provider.shutdown().catch(() => undefined), limit]);
      clearTimeout(timer);
    },
  };
}

/**
 * Tells of spans that do not arrive by the error alone: what the packages themselves would say quotes headers, and what a
 * collector answers may do so.
 */
function reporting(exporter: SpanExporter, onTrouble: OnTraceTrouble): SpanExporter {
  return {
    export: (spans, done) => {
      exporter.export(spans, (result) => {
        if (result.error !== undefined) onTrouble(result.error.message);
        done(result);
      });
    },
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
    shutdown: () => exporter.shutdown(),
  };
}
