import type { Command } from 'commander';
import { inspectModel } from '../../core/tree/operations/inspect-model.ts';
import { formatBytes } from '../../shared/drawing/format.ts';
import type { InspectedQuantization, InspectedTensor, ModelInspection } from '../../shared/inspection.ts';
import { inputShapeOption } from '../input-shape-option.ts';
import { kernelTable } from '../kernel-table.ts';
import { printJson, printWarnings, processTerminal, type Terminal } from '../terminal.ts';
import { shapeText, shortName, textTable } from '../text-table.ts';

interface Options {
  readonly inputShape?: readonly (readonly number[])[];
  readonly json?: boolean;
  readonly tensors?: boolean;
}

export function registerInspect(program: Command, terminal: Terminal = processTerminal): void {
  program
    .command('inspect')
    .argument('<model>', 'Keras .h5 or .keras, TFJS model.json, SavedModel folder, .onnx, or any .tflite')
    .option('--tensors', 'list every tensor, with its quantization')
    .addOption(inputShapeOption())
    .option('--json', 'print everything as JSON')
    .action(async (path: string, options: Options) => {
      const inspection = await inspectModel(path, options.inputShape);
      if (options.json === true) printJson(terminal, inspection);
      else terminal.print(describeInspection(inspection, options.tensors === true));
      printWarnings(terminal, inspection.warnings);
    });
}

export function describeInspection(inspection: ModelInspection, withTensors: boolean): string {
  return [
    ...summary(inspection),
    '',
    operationTable(inspection),
    ...(inspection.weights.length === 0 ? [] : ['', kernelTable(inspection.weights)]),
    ...(withTensors ? ['', tensorTable(inspection.tensors)] : []),
  ].join('\n');
}

function summary({ path, format, parameters, inputs, outputs, sizes, fullInteger }: ModelInspection): readonly string[] {
  const tensors = (list: readonly InspectedTensor[]): string =>
    list
      .map(({ name, type, shape, quantization }) => `${shortName(name)} ${type} ${shapeText(shape)}${quantizationText(quantization)}`)
      .join(', ');
  return [
    `${path}: ${format}, ${parameters.toLocaleString('en')} parameters`,
    `  inputs   ${tensors(inputs)}`,
    `  outputs  ${tensors(outputs)}`,
    ...(sizes === undefined
      ? []
      : [`  size     ${formatBytes(sizes.raw)}, gzip ${formatBytes(sizes.gzip)}, zip ${formatBytes(sizes.zip)}`]),
    ...(fullInteger === undefined ? [] : [`  integer  ${fullInteger ? 'throughout' : 'no: it computes in float'}`]),
  ];
}

function operationTable({ operations }: ModelInspection): string {
  return textTable(
    [
      { title: '#', numeric: true },
      { title: 'operation' },
      { title: 'layer' },
      { title: 'details' },
      { title: 'output' },
      { title: 'parameters', numeric: true },
    ],
    operations.map(({ index, kind, layer, details, outputShape, parameters }) => [
      String(index),
      kind,
      shortName(layer),
      details,
      shapeText(outputShape),
      parameters === 0 ? '' : parameters.toLocaleString('en'),
    ]),
  );
}

function tensorTable(tensors: readonly InspectedTensor[]): string {
  return textTable(
    [{ title: 'tensor' }, { title: 'type' }, { title: 'shape' }, { title: '' }, { title: 'quantization' }],
    tensors.map(({ name, type, shape, constant, sparse, quantization }) => [
      name,
      type,
      shapeText(shape),
      [constant ? 'constant' : '', sparse ? 'sparse' : ''].filter((word) => word !== '').join(', '),
      quantizationText(quantization).trim(),
    ]),
  );
}

function quantizationText(quantization: InspectedQuantization | undefined): string {
  if (quantization === undefined) return '';
  const { axis, scales, zeroPoints } = quantization;
  if (axis !== undefined) return ` (${scales.length} scales along axis ${axis})`;
  return ` (scale ${Number(scales[0] ?? 1).toPrecision(6)}, zero point ${zeroPoints[0] ?? 0})`;
}
