import { memorySource } from './memory-source.mjs';
import { readers } from './readers.mjs';

/**
 * Reads everything of a mutated source as the program would, and beside that each tensor of each file.
 *
 * @returns `sound` when all of its SAEs could be read and folded, `refused` when a typed error said of one why not
 * @throws Error for everything else: another error, or an SAE that is none
 */
export async function judge({ name, files, namedFile }, onRead) {
  const source = memorySource(name, files, { namedFile, onRead });
  const refusals = [];
  const attempt = async (work) => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof readers.InputError)) throw error;
      if (error.message.length > LONGEST_MESSAGE) {
        throw new Error(`a message of ${error.message.length} characters: ${error.message.slice(0, 200)}`);
      }
      refusals.push(error);
      return undefined;
    }
  };
  const entries = (await attempt(() => readers.listSaes(source))) ?? [];
  for (const entry of entries) {
    const sae = await attempt(() => readers.loadSae(source, entry));
    if (sae !== undefined) await attempt(() => checkSae(sae, entry));
  }
  for (const [path, bytes] of files) await attempt(() => readTensors(source, { path, bytes: bytes.length }));
  return refusals.length === 0 ? 'sound' : 'refused';
}

/** What a person and a log can take. */
const LONGEST_MESSAGE = 20_000;

function checkSae(sae, entry) {
  const { header, encoder, encoderBias, decoder, decoderBias, threshold, selectScale, skip } = sae;
  const { features, dIn, dOut } = header;
  const must = (holds, what) => {
    if (!holds) throw new Error(`an SAE that is none: ${what} (${JSON.stringify(header).slice(0, 500)})`);
  };
  for (const size of [features, dIn, dOut]) must(Number.isSafeInteger(size) && size > 0, `size ${size}`);
  must(header.k === null || (Number.isSafeInteger(header.k) && header.k > 0), `k ${header.k}`);
  must(header.layer === null || (Number.isSafeInteger(header.layer) && header.layer < 10_000), `layer ${header.layer}`);
  must(header.layer === entry.layer, `layer ${header.layer} of an entry of layer ${entry.layer}`);
  must(typeof header.activation === 'string' && typeof header.inputNorm === 'string', 'activation or input norm');
  must(encoder.rows === features && encoder.columns === dIn, `encoder ${encoder.rows} x ${encoder.columns}`);
  must(decoder.rows === features && decoder.columns === dOut, `decoder ${decoder.rows} x ${decoder.columns}`);
  must(header.gauge === 'decoder_norm' || threshold !== null, 'gauge theta without a threshold');
  const vectors = { encoderBias, threshold, selectScale };
  for (const [name, values] of Object.entries(vectors))
    must(!values || values.length === features, `${name} ${values?.length}`);
  must(decoderBias.length === dOut, `decoderBias ${decoderBias.length}`);
  must(skip === null || (skip.rows === dOut && skip.columns === dIn), 'skip');
  const numbers = { ...vectors, decoderBias, encoder: encoder.blocks, decoder: decoder.blocks, skip: skip?.blocks };
  for (const [name, values] of Object.entries(numbers)) {
    for (const part of Array.isArray(values) ? values : [values ?? []])
      must(part.every(Number.isFinite), `${name} is not finite`);
  }
  must(!threshold || threshold.every((value) => value >= 0), 'a negative threshold');
  const folded = readers.foldLayer(sae, { fold: true, degenerate: 'exclude', file: entry.path });
  must(folded.features === features, `${folded.features} folded rows`);
}

async function readTensors(source, file) {
  const { openTensorFile, readRows, readVector, isFloatType } = readers;
  const read = (start, end) => source.read(file.path, { start, end });
  const opened = await openTensorFile({ name: file.path, bytes: file.bytes, read });
  for (const tensor of opened?.tensors.values() ?? []) {
    const [length = 1, ...others] = tensor.shape;
    if (!isFloatType(tensor.dtype) || tensor.shape.includes(0) || others.length > 1) continue;
    if (others.length === 1) await readRows(tensor, 'columns');
    else await readVector(tensor, length);
  }
}
