/** Name of the comparison with the previous checkpoint that belongs to the workflow of a run. */
export const driftWorkflowId = (runWorkflowId: string): string => `${runWorkflowId}/drift`;
