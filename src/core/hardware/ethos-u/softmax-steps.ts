import type { GraphOperator } from '../graph-operators.ts';
import { requiredInput } from '../graph-operators.ts';
import { volumeOf } from './feature-maps.ts';
import { pointKernel, type ElementwiseKind, type FeatureMap, type NpuKind, type NpuOperation } from './npu-operation.ts';
import { plainOperation, type NpuProgramBuilder } from './npu-program.ts';

/** Values of 8 bits, or of 32 for each element or for each row; a constant. */
type Operand = 'input' | 'maximum' | 'exponentials' | 'row' | 'constant';

interface Step {
  readonly kind: NpuKind;
  readonly elementwise?: ElementwiseKind;
  readonly from: Operand;
  readonly with?: Operand;
  readonly to: 'maximum' | 'exponentials' | 'row' | 'output';
}

const rowAdd = (operand: Operand): Step => ({ kind: 'elementwise', elementwise: 'add', from: 'row', with: operand, to: 'row' });
const rowMultiply = (operand: Operand): Step => ({ kind: 'elementwise', elementwise: 'multiply', from: 'row', with: operand, to: 'row' });
const rowShift = (operand: Operand): Step => ({ kind: 'elementwise', from: 'row', with: operand, to: 'row' });

const newtonStep = [rowMultiply('row'), rowAdd('constant'), rowMultiply('row'), rowMultiply('constant'), rowAdd('row')];

/** Exponentials by a table, their sum, its reciprocal by three steps of Newton's method, and the products with it. */
const steps: readonly Step[] = [
  { kind: 'pooling', from: 'input', to: 'maximum' },
  { kind: 'elementwise', elementwise: 'add', from: 'input', with: 'maximum', to: 'exponentials' },
  { kind: 'elementwise', from: 'exponentials', with: 'constant', to: 'exponentials' },
  { kind: 'reduceSum', from: 'exponentials', to: 'row' },
  { kind: 'elementwise', from: 'row', to: 'row' },
  rowAdd('constant'),
  rowAdd('constant'),
  rowShift('row'),
  rowAdd('constant'),
  rowShift('constant'),
  rowAdd('constant'),
  rowMultiply('constant'),
  rowAdd('constant'),
  ...newtonStep,
  ...newtonStep,
  ...newtonStep,
  rowMultiply('constant'),
  { kind: 'elementwise', elementwise: 'multiply', from: 'exponentials', with: 'row', to: 'exponentials' },
  { kind: 'elementwise', from: 'exponentials', with: 'row', to: 'output' },
];
const exponentialStep = 1;
const exponentialTableBytes = 1024;

/** Softmax along the last dimension. */
export function lowerSoftmax(operator: GraphOperator, program: NpuProgramBuilder): void {
  const shape = volumeOf(requiredInput(operator, 0));
  const row = { ...shape, depth: 1 };
  const { maps } = program;
  const operand = (name: Operand): FeatureMap => {
    switch (name) {
      case 'input':
        return maps.of(program.input(operator, 0), shape);
      case 'maximum':
        return maps.between(row, 8);
      case 'exponentials':
        return maps.between(shape, 32);
      case 'row':
        return maps.between(row, 32);
      case 'constant':
        return maps.constant({ height: 1, width: 1, depth: 1 }, 32);
    }
  };
  for (const [index, step] of steps.entries()) {
    const plain: Omit<NpuOperation, 'input' | 'output'> = {
      ...plainOperation(operator),
      kind: step.kind,
      elementwise: step.elementwise ?? 'other',
      activation: index === exponentialStep ? 'table' : 'none',
      tableBytes: index === exponentialStep ? exponentialTableBytes : 0,
      isScaled: false,
    };
    const output = step.to === 'output' ? maps.of(program.output(operator), shape) : operand(step.to);
    const tensor = step.to === 'output' ? program.output(operator) : undefined;
    if (index > 0) {
      program.emit(
        { ...plain, input: operand(step.from), input2: step.with === undefined ? undefined : operand(step.with), output },
        tensor,
      );
      continue;
    }
    // The largest of a row: channels are looked at as columns.
    const rows = shape.height * shape.width;
    program.emit(
      {
        ...plain,
        isMaximum: true,
        kernel: { ...pointKernel, width: shape.depth },
        input: { ...operand('input'), shape: { height: rows, width: shape.depth, depth: 1 } },
        output: { ...output, shape: { height: rows, width: 1, depth: 1 } },
      },
      undefined,
    );
  }
}
