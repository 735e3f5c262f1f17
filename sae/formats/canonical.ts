import { InputError } from '../../matching/errors';
import { ACTIVATIONS } from '../canonical';
import type { CanonicalSae, Gauge, SaeHeader } from '../canonical';
import { CANONICAL_FORMAT } from '../canonical-file';
import { bytesOf } from '../catalogue-entry';
import type { SaeLocation } from '../catalogue-entry';
import { readBytes, readRows, readVector } from '../containers/read-tensor';
import type { StoredTensor, TensorFile } from '../containers/tensor';
import { layerOfHook } from '../layer-name';
import type { SourceView } from '../sources/source-view';
import { readBias, readMatrix } from './assemble';
import { singleFileLocation } from './format';
import type { SaeFormat } from './format';
import { dtypeNotes, requireSaeTensors, requireShape } from './tensor-checks';
import type { SaeTensors } from './tensor-checks';
import { clampThreshold } from './threshold';

/**
 * This project's own file: one safetensors file with W_enc `[F, d_in]`, b_enc `[F]`, W_dec `[F, d_out]`, b_dec `[d_out]`,
 * `threshold` `[F]` where the activation has one, `excluded` U8 `[F]` where some features could not be folded; everything
 * else in the metadata strings. An excluded feature has threshold 0 in memory, so that it stays excluded. Gauge `given` says
 * that a scale was folded in: what is left of it is 1, and 0 where it is excluded.
 */
export const canonical: SaeFormat = {
  name: CANONICAL_FORMAT,
  lookedFor: 'a safetensors file with metadata format=canonical',
  find(view, candidates) {
    const locations = candidates.flatMap(({ file, tensors }) => {
      if (tensors === null || !isCanonical(tensors)) return [];
      const location = singleFileLocation(view, file);
      return [{ ...location, layer: layerOfMetadata(tensors) ?? location.layer }];
    });
    return Promise.resolve(locations);
  },
  async readHeader(view, location) {
    return (await parse(view, location)).header;
  },
  async load(view, location) {
    return load(await parse(view, location));
  },
};

const GAUGES: readonly Gauge[] = ['theta', 'decoder_norm', 'given'];

interface CanonicalFile {
  readonly header: SaeHeader;
  readonly tensors: SaeTensors;
  readonly threshold: StoredTensor | undefined;
  readonly excluded: StoredTensor | undefined;
  readonly selectScale: StoredTensor | undefined;
  readonly skip: StoredTensor | undefined;
}

function isCanonical({ kind, metadata }: TensorFile): boolean {
  return kind === 'safetensors' && metadata.format === CANONICAL_FORMAT;
}

function layerOfMetadata({ metadata }: TensorFile): number | null {
  if (metadata.layer !== undefined && /^\d+$/.test(metadata.layer)) return Number(metadata.layer);
  return layerOfHook(metadata.hook ?? null);
}

async function parse(view: SourceView, location: SaeLocation): Promise<CanonicalFile> {
  const file = await view.tensors(location.files[0]!.path);
  const tensors = requireSaeTensors(file, { encoderFeatureAxis: 0 });
  const { metadata } = file;
  const gauge = oneOf(file, 'gauge', GAUGES);
  const threshold = file.tensors.get('threshold');
  if (threshold !== undefined) requireShape(threshold, [tensors.features]);
  if (threshold === undefined && gauge === 'theta') throw unfit(file, 'threshold', 'no such tensor', 'a threshold');
  const header: SaeHeader = {
    format: canonical.name,
    path: location.path,
    layer: location.layer,
    hook: metadata.hook ?? null,
    features: tensors.features,
    dIn: tensors.dIn,
    dOut: tensors.dOut,
    dtype: tensors.decoder.dtype,
    activation: oneOf(file, 'activation', ACTIVATIONS),
    k: parseK(file),
    gauge,
    inputNorm: metadata.input_norm ?? 'none',
    bytes: bytesOf(location),
    notes: dtypeNotes(tensors),
  };
  const skip = file.tensors.get('W_skip');
  if (skip !== undefined) requireShape(skip, [tensors.dOut, tensors.dIn]);
  const [excluded, selectScale] = ['excluded', 'select_scale'].map((name) => file.tensors.get(name));
  return { header, tensors, threshold, excluded, selectScale, skip };
}

async function load({ header, tensors, threshold, excluded, selectScale, skip }: CanonicalFile): Promise<CanonicalSae> {
  const { features } = header;
  const stored = threshold === undefined ? null : clampThreshold(await readVector(threshold, features));
  const marks = excluded === undefined ? null : await readBytes(excluded, features);
  return {
    header: { ...header, notes: [...header.notes, ...(stored?.notes ?? [])] },
    encoder: await readMatrix(tensors, 'encoder'),
    encoderBias: await readBias(tensors.encoderBias, features),
    decoder: await readMatrix(tensors, 'decoder'),
    decoderBias: await readBias(tensors.decoderBias, header.dOut),
    selectScale: selectScale === undefined ? null : await readVector(selectScale, features),
    skip: skip === undefined ? null : await readRows(skip, 'rows'),
    threshold: stored?.threshold.map((value, feature) => (marks?.[feature] === 1 ? 0 : value)) ?? null,
    ...(header.gauge === 'given' && {
      scale: Float64Array.from({ length: features }, (_, feature) => (marks?.[feature] === 1 ? 0 : 1)),
    }),
  };
}

function parseK(file: TensorFile): number | null {
  const { k } = file.metadata;
  if (k === undefined || k === '') return null;
  if (/^[1-9]\d*$/.test(k)) return Number(k);
  throw unfit(file, 'metadata k', k, 'a positive integer');
}

function oneOf<T extends string>(file: TensorFile, key: string, values: readonly T[]): T {
  const found = file.metadata[key];
  const value = values.find((candidate) => candidate === found);
  if (value !== undefined) return value;
  throw unfit(file, `metadata ${key}`, found ?? 'nothing', values.join(' | '));
}

function unfit(file: TensorFile, field: string, found: string, expected: string): InputError {
  return new InputError('this is not a complete canonical SAE', { file: file.name, field, found, expected });
}
