import { setWorkflowOptions, workflowInfo } from '@temporalio/workflow';

/**
 * Has a workflow go on with the build that is current instead of the one that it began with. Said only where workers have
 * versions: a server takes it from no other.
 */
export function upgradesByItself(workflow: (...args: never[]) => Promise<unknown>): void {
  setWorkflowOptions(() => (hasVersion() ? { versioningBehavior: 'AUTO_UPGRADE' } : {}), workflow);
}

/** A worker without a deployment has a build too, of a deployment without a name. */
function hasVersion(): boolean {
  const { deploymentName = '' } = workflowInfo().currentDeploymentVersion ?? {};
  return deploymentName !== '';
}
