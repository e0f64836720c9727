/** Networks in the shape of well-known ones, as PyTorch exports them. */
import { OnnxWriter } from './onnx-model.ts';

/** Layers under the names that PyTorch's exporter gives them. */
class TorchWriter extends OnnxWriter {
  conv(x: string, module: string, [out, inner, kh, kw]: readonly [number, number, number, number], attributes = {}): string {
    const same = [(kh - 1) / 2, (kw - 1) / 2];
    const weights = this.weight([out, inner, kh, kw], `${module}.weight`, Math.sqrt(2 / (inner * kh * kw)));
    return this.node('Conv', [x, weights, this.weight([out], `${module}.bias`, 0.1)], {
      kernel_shape: [kh, kw],
      pads: [...same, ...same],
      ...attributes,
    });
  }

  linear(x: string, module: string, [out, inner]: readonly [number, number]): string {
    return this.node('Gemm', [x, this.weight([out, inner], `${module}.weight`), this.weight([out], `${module}.bias`, 0.1)], { transB: 1 });
  }

  clip(x: string, least: number, most: number): string {
    return this.node('Clip', [x, this.floats([least], []), this.floats([most], [])]);
  }

  /** `view` with sizes that are read from the value: Shape, Gather, Unsqueeze, Concat, Reshape. */
  view(x: string, rest: readonly number[]): string {
    const batch = this.node('Gather', [this.node('Shape', [x]), this.integers([0], [])], { axis: 0 });
    const shape = this.node('Concat', [this.node('Unsqueeze', [batch, this.integers([0])]), this.integers(rest)], { axis: 0 });
    return this.node('Reshape', [x, shape]);
  }
}

/** Channels are exchanged between the two halves: view, transpose, view. */
function channelShuffle(model: TorchWriter, x: string, channels: number, size: readonly [number, number]): string {
  const grouped = model.view(x, [2, channels / 2, ...size]);
  return model.view(model.node('Transpose', [grouped], { perm: [0, 2, 1, 3, 4] }), [-1, ...size]);
}

export function shuffleNet(): TorchWriter {
  const model = new TorchWriter(3);
  let x = model.node('Relu', [model.conv(model.input('input', ['batch', 3, 16, 16]), 'conv1.0', [8, 3, 3, 3], { strides: [2, 2] })]);
  x = model.node('MaxPool', [x], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
  for (const unit of [0, 1]) {
    const [left = '', right = ''] = model.multiple('Split', [x, model.integers([4, 4])], [`left${unit}`, `right${unit}`], { axis: 1 });
    let branch = model.node('Relu', [model.conv(right, `stage2.${unit}.branch2.0`, [4, 4, 1, 1])]);
    branch = model.conv(branch, `stage2.${unit}.branch2.3`, [4, 1, 3, 3], { group: 4 });
    branch = model.node('Relu', [model.conv(branch, `stage2.${unit}.branch2.5`, [4, 4, 1, 1])]);
    x = channelShuffle(model, model.node('Concat', [left, branch], { axis: 1 }), 8, [4, 4]);
  }
  const pooled = model.node('ReduceMean', [x, model.integers([2, 3])], { keepdims: 0 });
  model.output(model.linear(pooled, 'fc', [5, 8]));
  return model;
}

/** Fire modules between pools in ceil mode, and a convolution as its classifier. */
export function squeezeNet(): TorchWriter {
  const model = new TorchWriter(4);
  let x = model.node('Relu', [
    model.conv(model.input('input', ['batch', 3, 21, 21]), 'features.0', [8, 3, 3, 3], { strides: [2, 2], pads: [0, 0, 0, 0] }),
  ]);
  for (const fire of [3, 5]) {
    x = model.node('MaxPool', [x], { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 });
    const squeezed = model.node('Relu', [model.conv(x, `features.${fire}.squeeze`, [4, 8, 1, 1])]);
    const one = model.node('Relu', [model.conv(squeezed, `features.${fire}.expand1x1`, [4, 4, 1, 1])]);
    const three = model.node('Relu', [model.conv(squeezed, `features.${fire}.expand3x3`, [4, 4, 3, 3])]);
    x = model.node('Concat', [one, three], { axis: 1 });
  }
  const classified = model.node('Relu', [model.conv(x, 'classifier.1', [6, 8, 1, 1])]);
  model.output(model.node('Flatten', [model.node('GlobalAveragePool', [classified])], { axis: 1 }));
  return model;
}

/** Inverted residuals with squeeze-and-excitation and hard swish. */
export function mobileNetV3(): TorchWriter {
  const model = new TorchWriter(5);
  const hardSwish = (x: string): string => model.node('Mul', [x, model.node('HardSigmoid', [x], { alpha: { float: 1 / 6 } })]);
  const divided = (x: string): string =>
    model.node('Div', [model.node('Mul', [x, model.clip(model.node('Add', [x, model.floats([3], [])]), 0, 6)]), model.floats([6], [])]);
  let x = hardSwish(model.conv(model.input('input', ['batch', 3, 12, 12]), 'features.0.0', [8, 3, 3, 3], { strides: [2, 2] }));
  const expanded = divided(model.conv(x, 'features.1.block.0.0', [16, 8, 1, 1]));
  const depthwise = hardSwish(model.conv(expanded, 'features.1.block.1.0', [16, 1, 5, 5], { group: 16 }));
  const scale = model.node('Relu', [model.conv(model.node('GlobalAveragePool', [depthwise]), 'features.1.block.2.fc1', [4, 16, 1, 1])]);
  const gate = model.node('HardSigmoid', [model.conv(scale, 'features.1.block.2.fc2', [16, 4, 1, 1])], { alpha: { float: 1 / 6 } });
  x = model.node('Add', [x, model.conv(model.node('Mul', [gate, depthwise]), 'features.1.block.3.0', [8, 16, 1, 1])]);
  const pooled = model.node('Flatten', [model.node('GlobalAveragePool', [x])], { axis: 1 });
  model.output(model.linear(hardSwish(model.linear(pooled, 'classifier.0', [12, 8])), 'classifier.3', [5, 12]));
  return model;
}

/** Skip connections joined, upsampled by a transposed convolution and by interpolation to the size of the skipped value. */
export function uNet(): TorchWriter {
  const model = new TorchWriter(6);
  const double = (x: string, module: string, inner: number, out: number): string =>
    model.node('Relu', [
      model.conv(model.node('Relu', [model.conv(x, `${module}.0`, [out, inner, 3, 3])]), `${module}.2`, [out, out, 3, 3]),
    ]);
  const down = (x: string): string => model.node('MaxPool', [x], { kernel_shape: [2, 2], strides: [2, 2] });
  const first = double(model.input('input', ['batch', 3, 16, 12]), 'down1', 3, 4);
  const second = double(down(first), 'down2', 4, 8);
  const bottom = double(down(second), 'bottom', 8, 8);
  const up = model.node('ConvTranspose', [bottom, model.weight([8, 8, 2, 2], 'up2.weight'), model.weight([8], 'up2.bias', 0.1)], {
    strides: [2, 2],
    kernel_shape: [2, 2],
  });
  const third = double(model.node('Concat', [second, up], { axis: 1 }), 'up2.conv', 16, 8);
  // F.interpolate(third, size=first.shape[2:], mode="bilinear")
  const size = model.node('Slice', [model.node('Shape', [first]), model.integers([2]), model.integers([4]), model.integers([0])]);
  const kept = model.node('Slice', [model.node('Shape', [third]), model.integers([0]), model.integers([2]), model.integers([0])]);
  const sizes = model.node('Concat', [kept, size], { axis: 0 });
  const resized = model.node('Resize', [third, '', '', sizes], { mode: 'linear', coordinate_transformation_mode: 'half_pixel' });
  const last = double(model.node('Concat', [first, resized], { axis: 1 }), 'up1.conv', 12, 4);
  model.output(model.node('Softmax', [model.conv(last, 'head', [3, 4, 1, 1])], { axis: 1 }));
  return model;
}

/** Patches as a sequence, a class token and positions, attention by its parts, LayerNormalization and Gelu as older exporters write them. */
export function visionTransformer(): TorchWriter {
  const model = new TorchWriter(8);
  const [width, heads, tokens] = [8, 2, 5];
  const number = (value: number): string => model.floats([value], []);
  const layerNorm = (x: string, module: string): string => {
    const centred = model.node('Sub', [x, model.node('ReduceMean', [x, model.integers([-1])])]);
    const variance = model.node('ReduceMean', [model.node('Pow', [centred, number(2)]), model.integers([-1])]);
    const normalized = model.node('Div', [centred, model.node('Sqrt', [model.node('Add', [variance, number(1e-5)])])]);
    return model.node('Add', [
      model.node('Mul', [normalized, model.weight([width], `${module}.weight`, 1)]),
      model.weight([width], `${module}.bias`, 0.1),
    ]);
  };
  const gelu = (x: string): string => {
    const erf = model.node('Erf', [model.node('Div', [x, number(Math.SQRT2)])]);
    return model.node('Mul', [model.node('Mul', [x, model.node('Add', [erf, number(1)])]), number(0.5)]);
  };
  const dense = (x: string, module: string, out: number, inner: number): string =>
    model.node('Add', [
      model.weight([out], `${module}.bias`, 0.1),
      model.node('MatMul', [x, model.weight([inner, out], `onnx::${module}`)]),
    ]);
  const headsOf = (x: string, perm: readonly number[]): string =>
    model.node('Transpose', [model.view(x, [tokens, heads, width / heads])], { perm });
  const patches = model.conv(model.input('input', ['batch', 3, 8, 8]), 'patch_embed.proj', [width, 3, 4, 4], {
    strides: [4, 4],
    pads: [0, 0, 0, 0],
  });
  const sequence = model.node('Transpose', [model.view(patches, [width, 4])], { perm: [0, 2, 1] });
  const batch = model.node('Gather', [model.node('Shape', [sequence]), model.integers([0], [])], { axis: 0 });
  const shape = model.node('Concat', [model.node('Unsqueeze', [batch, model.integers([0])]), model.integers([1, width])], { axis: 0 });
  const token = model.node('Expand', [model.weight([1, 1, width], 'cls_token', 1), shape]);
  let x = model.node('Add', [model.node('Concat', [token, sequence], { axis: 1 }), model.weight([1, tokens, width], 'pos_embed', 1)]);
  const normal = layerNorm(x, 'blocks.0.norm1');
  const [query = '', key = '', value = ''] = ['q', 'k', 'v'].map((part) => dense(normal, `blocks.0.attn.${part}`, width, width));
  const scores = model.node('MatMul', [headsOf(query, [0, 2, 1, 3]), headsOf(key, [0, 2, 3, 1])]);
  const weights = model.node('Softmax', [model.node('Mul', [scores, number(1 / Math.sqrt(width / heads))])], { axis: -1 });
  const attended = model.node('Transpose', [model.node('MatMul', [weights, headsOf(value, [0, 2, 1, 3])])], { perm: [0, 2, 1, 3] });
  x = model.node('Add', [x, dense(model.view(attended, [tokens, width]), 'blocks.0.attn.proj', width, width)]);
  const mlp = dense(gelu(dense(layerNorm(x, 'blocks.0.norm2'), 'blocks.0.mlp.fc1', 16, width)), 'blocks.0.mlp.fc2', width, 16);
  x = layerNorm(model.node('Add', [x, mlp]), 'norm');
  model.output(model.linear(model.node('Gather', [x, model.integers([0], [])], { axis: 1 }), 'head', [3, width]));
  return model;
}
