import { elementCount } from '../../tflite/tflite-model.ts';
import { numberOption, requiredInput, requiredOutput, type GraphOperator } from '../graph-operators.ts';
import { operatorMacs } from '../operator-costs.ts';
import type { CortexM } from './cores.ts';

/** A softmax exponentiates in fixed point; of an output element, in outputs of other operators. */
const exponentialOutputs = 20;
/** Two inputs are rescaled before they are added. */
const additionOutputs = 3;

/**
 * Cycles of an int8 operator on a core, an estimate.
 *
 * @throws EspalierError `invalid-model` when the operator's tensors do not have the rank that it needs
 */
export function operatorCycles(operator: GraphOperator, core: CortexM): number {
  const outputs = operator.outputs.length === 0 ? 0 : elementCount(requiredOutput(operator).shape);
  const macs = operatorMacs(operator);
  switch (operator.kind) {
    case 'CONV_2D':
    case 'TRANSPOSE_CONV':
      return macs * core.convolution + outputs * core.output;
    case 'DEPTHWISE_CONV_2D':
      return macs * core.depthwise + outputs * core.output;
    case 'FULLY_CONNECTED':
    case 'BATCH_MATMUL':
    case 'SVDF':
    case 'UNIDIRECTIONAL_SEQUENCE_LSTM':
      return macs * core.dense + outputs * core.output;
    case 'AVERAGE_POOL_2D':
    case 'MAX_POOL_2D':
      return (
        outputs * numberOption(operator, 'filterHeight', 1) * numberOption(operator, 'filterWidth', 1) * core.depthwise +
        outputs * core.output
      );
    case 'MEAN':
    case 'SUM':
      return elementCount(requiredInput(operator, 0).shape) * core.depthwise + outputs * core.output;
    case 'SOFTMAX':
    case 'LOG_SOFTMAX':
    case 'EXP':
    case 'TANH':
    case 'LOGISTIC':
      return outputs * exponentialOutputs * core.output;
    case 'ADD':
    case 'SUB':
    case 'MUL':
    case 'MAXIMUM':
    case 'MINIMUM':
    case 'SQUARED_DIFFERENCE':
      return outputs * additionOutputs * core.output;
    case 'RESHAPE':
    case 'SQUEEZE':
    case 'EXPAND_DIMS':
      return outputs / 4;
    default:
      return outputs * core.output;
  }
}
