import { postprocessFiles } from '../c/postprocess-files.ts';
import { preprocessFiles } from '../c/preprocess-files.ts';
import { testCaseFiles } from '../c/test-case-files.ts';
import { camelSuffix, className, exampleArguments } from '../mobile/example-arguments.ts';
import { labelsFile, labelsText, withMetadata } from '../mobile/model-metadata.ts';
import type { DeployedFile, DeploymentPlan, PlannedTensor } from '../plan.ts';
import { readme } from './readme.ts';

/**
 * Files for an app of iOS: the model with metadata, and a class that runs it in LiteRT, whose preprocessing is the C that
 * microcontrollers have.
 */
export function iosFiles(plan: DeploymentPlan): readonly DeployedFile[] {
  const { name, labels } = plan;
  const type = className(name);
  return [
    { path: `${name}.tflite`, contents: withMetadata(plan) },
    ...(labels === undefined ? [] : [{ path: labelsFile, contents: labelsText(labels) }]),
    ...[preprocessFiles(plan), postprocessFiles(plan), testCaseFiles(plan)].flat(),
    { path: `${type}.swift`, contents: swift(plan) },
    { path: `${type}-Bridging-Header.h`, contents: bridgingHeader(name) },
    {
      path: 'Podfile',
      contents:
        "# Written by Espalier: set the name of the app.\nplatform :ios, '12.0'\n\ntarget 'App' do\n  use_frameworks!\n  pod 'TensorFlowLiteSwift', '~> 2.17'\nend\n",
    },
    {
      path: 'README.md',
      contents: readme(plan, {
        title: 'for iOS',
        steps: [
          `Add all files but \`Podfile\` to the app's target in Xcode, \`${name}.tflite\` as a resource, and set \`${type}-Bridging-Header.h\` as its Objective-C bridging header (or import it there).`,
          "`pod install`, with the app's name in `Podfile`.",
          `\`try ${type}().run(…)\` takes an example as it is, and gives real numbers. \`try ${type}().selfTest()\` runs the test case; it gives by how many steps outputs differ, 2 at most.`,
        ],
      }),
    },
  ];
}

function bridgingHeader(name: string): string {
  return `/* Written by Espalier. */\n#include "${name}_postprocess.h"\n#include "${name}_preprocess.h"\n#include "${name}_test_case.h"\n`;
}

const swiftTypes: Readonly<Record<string, string>> = { int8: 'Int8', uint8: 'UInt8', int16: 'Int16', int32: 'Int32', float32: 'Float' };

function swiftType({ details }: PlannedTensor): string {
  return swiftTypes[details.type] ?? 'Int8';
}

function swift({ name, file, inputs, outputs, labels }: DeploymentPlan): string {
  const type = className(name);
  const examples = inputs.map((input) => ({
    input,
    ...exampleArguments(input.steps, inputs.length === 1 ? '' : camelSuffix(input.suffix)),
  }));
  const single = outputs.length === 1;
  const values = outputs.map(
    (output, i) => `try elements(of: ${i}, as: ${swiftType(output)}.self).map { ${name}_output_value${output.suffix}($0) }`,
  );
  return `// ${file.replace(/[\r\n]/g, ' ')} in LiteRT, with the preprocessing of its training. Written by Espalier.
import Foundation
import TensorFlowLite

final class ${type} {
  private let interpreter: Interpreter
${labels === undefined ? '' : `\n  /// Classes by the index of the output.\n  static let labels: [String] = [\n${labels.map((label) => `    ${swiftString(label)},`).join('\n')}\n  ]\n`}
  init(path: String? = Bundle.main.path(forResource: "${name}", ofType: "tflite"), threads: Int = 2) throws {
    guard let path = path else { throw CocoaError(.fileNoSuchFile) }
    var options = Interpreter.Options()
    options.threadCount = threads
    interpreter = try Interpreter(modelPath: path, options: options)
    try interpreter.allocateTensors()
  }

  /// Takes ${examples.map(({ description }) => description).join('; ')}.
  func run(${examples.map(({ swift: { parameters } }) => parameters).join(', ')}) throws -> ${single ? '[Float]' : '[[Float]]'} {
${examples
  .map(
    ({ input, swift: { call } }, i) => `    var input${i} = [${swiftType(input)}](repeating: 0, count: ${input.elements})
    ${name}_preprocess${input.suffix}(${call}, &input${i})
    try copy(input${i}, to: ${i})`,
  )
  .join('\n')}
    try interpreter.invoke()
    return ${single ? (values[0] ?? '[]') : `[${values.join(', ')}]`}
  }

  /// By how many steps of the quantization the outputs of the test case differ from what they must be: 2 at most.
  func selfTest() throws -> Int {
    precondition(${name}_check_preprocessing() <= ${name.toUpperCase()}_INPUT_TOLERANCE, "the preprocessing is not that of the training")
${inputs.map((input, i) => `    try copy(withUnsafeBytes(of: ${name}_test_input${input.suffix}) { Array($0.bindMemory(to: ${swiftType(input)}.self)) }, to: ${i})`).join('\n')}
    try interpreter.invoke()
    var largest = 0
${outputs
  .map(
    (
      output,
      i,
    ) => `    let expected${i} = withUnsafeBytes(of: ${name}_test_output${output.suffix}) { Array($0.bindMemory(to: ${swiftType(output)}.self)) }
    for (found, wanted) in zip(try elements(of: ${i}, as: ${swiftType(output)}.self), expected${i}) {
      largest = max(largest, ${output.details.type === 'float32' ? 'Int(256 * abs(found - wanted))' : 'abs(Int(found) - Int(wanted))'})
    }`,
  )
  .join('\n')}
    return largest
  }

  private func copy<T>(_ elements: [T], to index: Int) throws {
    try interpreter.copy(elements.withUnsafeBytes { Data($0) }, toInputAt: index)
  }

  private func elements<T>(of index: Int, as type: T.Type) throws -> [T] {
    try interpreter.output(at: index).data.withUnsafeBytes { Array($0.bindMemory(to: type)) }
  }
}
`;
}

function swiftString(text: string): string {
  return JSON.stringify(text)
    .replace(/\\u([0-9a-f]{4})/gi, '\\u{$1}')
    .replace(/\\[bf]/g, ' ');
}
