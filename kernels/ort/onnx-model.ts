import { bytes, float, integer, message, submessage, text } from './protobuf';
import type { Field } from './protobuf';

/** Element types of tensors, with the numbers ONNX gives them. */
export const ONNX_TYPE = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, float16: 10 } as const;
export type OnnxType = keyof typeof ONNX_TYPE;

/** An input or output of a graph. A named dimension may have any size at run time. */
export interface OnnxValue {
  readonly name: string;
  readonly type: OnnxType;
  readonly shape: readonly (number | string)[];
}

/** A constant of a graph, such as a weight matrix; `data` is row-major and of the type's own typed array. */
export interface OnnxInitializer {
  readonly name: string;
  readonly type: OnnxType;
  readonly shape: readonly number[];
  readonly data: ArrayBufferView;
}

type OnnxAttribute = number | readonly number[] | { readonly float: number };

/**
 * One operator. Attributes whose schema type is float are given as `{ float }`; plain numbers and lists are integers.
 */
export interface OnnxNode {
  readonly operator: string;
  /** Operators of the runtime itself: `com.microsoft`. */
  readonly domain?: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
}

/** A graph: nodes in an order in which every value is made before it is used. */
export interface OnnxGraph {
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly initializers?: readonly OnnxInitializer[];
  readonly nodes: readonly OnnxNode[];
}

/** File format and operator set: old enough for every runtime in use, new enough for all operators here. */
const IR_VERSION = 8;
const OPERATOR_SET = 17;

/**
 * The bytes of an ONNX model (`ModelProto`) for a graph. Weights are stored in the model itself, little-endian as on
 * every platform that runs it, so a model stays below the 2 GiB that Protocol Buffers allow.
 */
export function encodeOnnxModel(graph: OnnxGraph): Uint8Array {
  return message([
    integer(1, IR_VERSION),
    text(2, 'sae-match'),
    submessage(7, encodeGraph(graph)),
    submessage(8, [text(1, ''), integer(2, OPERATOR_SET)]),
    submessage(8, [text(1, 'com.microsoft'), integer(2, 1)]),
  ]);
}

function encodeGraph({ inputs, outputs, initializers = [], nodes }: OnnxGraph): Field[] {
  return [
    ...nodes.map((node) => submessage(1, encodeNode(node))),
    text(2, 'graph'),
    ...initializers.map((initializer) => submessage(5, encodeTensor(initializer))),
    ...inputs.map((value) => submessage(11, encodeValue(value))),
    ...outputs.map((value) => submessage(12, encodeValue(value))),
  ];
}

function encodeNode({ operator, domain, inputs, outputs, attributes = {} }: OnnxNode): Field[] {
  return [
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(4, operator),
    ...Object.entries(attributes).map(([name, value]) => submessage(5, encodeAttribute(name, value))),
    ...(domain === undefined ? [] : [text(7, domain)]),
  ];
}

const ATTRIBUTE_FLOAT = 1;
const ATTRIBUTE_INTEGER = 2;
const ATTRIBUTE_INTEGERS = 7;

function encodeAttribute(name: string, value: OnnxAttribute): Field[] {
  return [text(1, name), ...attributeValue(value)];
}

function attributeValue(value: OnnxAttribute): Field[] {
  if (typeof value === 'number') return [integer(3, value), integer(20, ATTRIBUTE_INTEGER)];
  if ('float' in value) return [float(2, value.float), integer(20, ATTRIBUTE_FLOAT)];
  return [...value.map((item) => integer(8, item)), integer(20, ATTRIBUTE_INTEGERS)];
}

function encodeTensor({ name, type, shape, data }: OnnxInitializer): Field[] {
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return [...shape.map((size) => integer(1, size)), integer(2, ONNX_TYPE[type]), text(8, name), bytes(9, raw)];
}

function encodeValue({ name, type, shape }: OnnxValue): Field[] {
  const dimensions = shape.map((size) => submessage(1, [typeof size === 'number' ? integer(1, size) : text(2, size)]));
  const tensor = [integer(1, ONNX_TYPE[type]), submessage(2, dimensions)];
  return [text(1, name), submessage(2, [submessage(1, tensor)])];
}
