import { createHash } from 'node:crypto';

/**
 * The trace that a workflow belongs to: one for each run, with all its workflows and their activities, and one for each look
 * of a schedule. It follows from the names alone, so that every process finds it by itself, and nothing about it has to be in
 * a history.
 *
 * @returns 32 hex digits
 */
export function traceIdOf(namespace: string, workflowId: string): string {
  const [prefix, name] = workflowId.split('/');
  return hex(`${namespace}/${prefix ?? ''}/${name ?? ''}`, 32);
}

/** The span of one execution of a workflow. @returns 16 hex digits */
export function workflowSpanId(workflowRunId: string): string {
  return hex(workflowRunId, 16);
}

const hex = (text: string, digits: number): string => createHash('sha256').update(text).digest('hex').slice(0, digits);
