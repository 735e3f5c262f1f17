/** What the standard variables of OpenTelemetry ask for, as far as it is not left to its packages. */
export interface TraceSettings {
  /** Share of the runs that are traced, 0 to 1. */
  readonly ratio: number;
}

/** Null where nothing is to be traced: without an endpoint, which is the default, or where another variable says so. */
export function traceSettings(env: NodeJS.ProcessEnv = process.env): TraceSettings | null {
  const endpoint = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? env.OTEL_EXPORTER_OTLP_ENDPOINT ?? '';
  if (endpoint === '' || env.OTEL_SDK_DISABLED?.toLowerCase() === 'true') return null;
  if ((env.OTEL_TRACES_EXPORTER ?? 'otlp') !== 'otlp') return null;
  const ratio = ratioOf(env.OTEL_TRACES_SAMPLER ?? '', env.OTEL_TRACES_SAMPLER_ARG);
  return ratio > 0 ? { ratio } : null;
}

function ratioOf(sampler: string, argument = ''): number {
  if (sampler.endsWith('always_off')) return 0;
  const ratio = Number(argument);
  return sampler.endsWith('traceidratio') && argument !== '' && ratio >= 0 && ratio <= 1 ? ratio : 1;
}
