import type { InferenceSession } from 'onnxruntime-node';
import { kindOf, numberOf } from '../ort-device';
import type { OrtDevice } from '../ort-device';

/** What a session of onnxruntime is told to compute on; there is no other provider to fall back to. */
export function executionProviders(device: OrtDevice): readonly InferenceSession.ExecutionProviderConfig[] {
  const deviceId = numberOf(device);
  return [deviceId === null ? kindOf(device) : { name: 'cuda', deviceId }];
}
