import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { randomNumbers } from '../matching/random-features';
import { bufferReader } from '../../sae/containers/byte-reader';
import { openZip } from '../../sae/containers/zip-archive';
import { zipOf } from '../sae/zip-writer';
import type { MemberToWrite } from '../sae/zip-writer';

const FIXTURE = join(__dirname, '../fixtures/formats/dictionary-learning-checkpoints');
const TRAINER = join(FIXTURE, 'JumpRelu_pythia-160m-deduped/resid_post_layer_5/trainer_0');

/** A file of torch.save that dictionary_learning has written, with other weights: those of `seed`. */
export async function torchSae(seed: number): Promise<Buffer> {
  const random = randomNumbers(seed);
  const members: MemberToWrite[] = [];
  const file = readFileSync(join(TRAINER, 'checkpoints/ae_0.pt'));
  for (const { name, content } of await openZip(bufferReader('ae_0.pt', file))) {
    const chunks: Buffer[] = [];
    for await (const chunk of content()) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    if (/\/data\/\d+$/.test(name)) {
      // Thresholds have to stay positive.
      for (let at = 0; at < bytes.length; at += 4) bytes.writeFloatLE(0.1 + random(), at);
    }
    members.push({ name, content: bytes });
  }
  return zipOf(members);
}

/** Writes the SAEs of one step of a training of dictionary_learning, one for each layer; returns their paths. */
export async function writeTorchStep(folder: string, step: number, layers: number): Promise<string[]> {
  const files: string[] = [];
  for (let layer = 0; layer < layers; layer++) {
    const file = join(folder, `resid_post_layer_${layer}/trainer_0/checkpoints/ae_${step}.pt`);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, await torchSae(1000 * layer + step));
    files.push(file);
  }
  return files;
}
