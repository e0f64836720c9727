/**
 * TFLite Model Metadata: what the inputs are, how they are normalised, and which file names the classes, for tools of
 * Android that read it. A flatbuffer of its own inside the .tflite, and the files that it names as a zip behind it.
 * Source: `metadata_schema.fbs` of tflite-support, version 1.1.0.
 */
import { Builder, type Offset } from 'flatbuffers';
import type { InputSteps } from '../../core/data/preprocessing/input-steps.ts';
import { floatsVector, offsetsVector } from '../../core/tflite/schema/vectors.ts';
import { readTflite } from '../../core/tflite/read-tflite.ts';
import { serializeTflite } from '../../core/tflite/serialize-tflite.ts';
import type { DeploymentPlan, PlannedInput, PlannedTensor } from '../plan.ts';
import { storedZip } from './stored-zip.ts';

export const labelsFile = 'labels.txt';

/** The plain model with metadata; labels, where there are any, lie in a zip behind it. */
export function withMetadata(plan: DeploymentPlan): Uint8Array {
  const model = readTflite(plan.plain);
  const others = model.metadata.filter(({ name }) => name !== 'TFLITE_METADATA');
  const file = serializeTflite({ ...model, metadata: [...others, { name: 'TFLITE_METADATA', data: modelMetadata(plan) }] });
  if (plan.labels === undefined) return file;
  const zip = storedZip([{ name: labelsFile, data: new TextEncoder().encode(labelsText(plan.labels)) }], file.length);
  const joined = new Uint8Array(file.length + zip.length);
  joined.set(file);
  joined.set(zip, file.length);
  return joined;
}

/** A class a line; a line break in a name would shift the classes behind it. */
export function labelsText(labels: readonly string[]): string {
  return labels.map((label) => `${label.replace(/[\r\n]+/g, ' ')}\n`).join('');
}

function modelMetadata({ file, inputs, outputs, labels }: DeploymentPlan): Uint8Array {
  const builder = new Builder(1024);
  const inputMetadata = offsetsVector(
    builder,
    inputs.map((input) => inputTensor(builder, input)),
  );
  const outputMetadata = offsetsVector(
    builder,
    outputs.map((output, i) => outputTensor(builder, output, i === 0 && labels !== undefined)),
  );
  const subgraph = table(builder, 8, { 2: inputMetadata, 3: outputMetadata });
  const subgraphs = offsetsVector(builder, [subgraph]);
  const name = builder.createString(file);
  const description = builder.createString('Written by Espalier');
  const version = builder.createString('1.1.0');
  builder.finish(table(builder, 8, { 0: name, 1: description, 3: subgraphs, 7: version }), 'M001');
  return builder.asUint8Array().slice();
}

function inputTensor(builder: Builder, { details, steps }: PlannedInput): Offset {
  const name = builder.createString(details.name);
  const content = contentOf(builder, steps);
  const units = normalisation(builder, steps);
  return table(builder, 7, { 0: name, 3: content, 4: units });
}

const featureProperties = 1;
const imageProperties = 2;
const rgb = 1;
const grayscale = 2;

function contentOf(builder: Builder, steps: InputSteps): Offset {
  builder.startObject(2);
  if (steps.kind === 'image') builder.addFieldInt8(0, steps.channels === 1 ? grayscale : rgb, 0);
  const properties = builder.endObject();
  builder.startObject(3);
  builder.addFieldInt8(0, steps.kind === 'image' ? imageProperties : featureProperties, 0);
  builder.addFieldOffset(1, properties, 0);
  return builder.endObject();
}

/** `(x - mean) / std`, one for all channels or one for each; what is scaled by 0 has none. */
function normalisation(builder: Builder, { scale, offset }: InputSteps): Offset {
  if (scale.some((factor) => factor === 0)) return 0;
  const mean = floatsVector(
    builder,
    offset.map((value, i) => -value / (scale[i] ?? 1)),
  );
  const deviation = floatsVector(
    builder,
    scale.map((factor) => 1 / factor),
  );
  const options = table(builder, 2, { 0: mean, 1: deviation });
  builder.startObject(2);
  builder.addFieldInt8(0, 1, 0);
  builder.addFieldOffset(1, options, 0);
  return offsetsVector(builder, [builder.endObject()]);
}

const axisLabels = 2;

function outputTensor(builder: Builder, { details }: PlannedTensor, hasLabels: boolean): Offset {
  const name = builder.createString(details.name);
  const files = hasLabels ? offsetsVector(builder, [labelsEntry(builder)]) : 0;
  return table(builder, 7, { 0: name, 6: files });
}

function labelsEntry(builder: Builder): Offset {
  const name = builder.createString(labelsFile);
  builder.startObject(4);
  builder.addFieldOffset(0, name, 0);
  builder.addFieldInt8(2, axisLabels, 0);
  return builder.endObject();
}

function table(builder: Builder, slots: number, fields: Readonly<Record<number, Offset>>): Offset {
  builder.startObject(slots);
  for (const [slot, offset] of Object.entries(fields)) builder.addFieldOffset(Number(slot), offset, 0);
  return builder.endObject();
}
