import { describe, expect, it } from 'vitest';
import {
  divergenceText,
  heatOf,
  layerMatrix,
  savedText,
  sensitivityColumns,
  sensitivityCsv,
  sensitivityRows,
} from '../../../src/shared/drawing/sensitivity-table.ts';
import { english } from '../../../src/shared/drawing/translate.ts';
import { layerChoices } from '../../../src/shared/layer-choices.ts';
import type { LayerSensitivity } from '../../../src/shared/sensitivity.ts';

/** The output moves by the share of zeros times `weight`. */
function layer(name: string, elements: number, weight: number): LayerSensitivity {
  return {
    layer: name,
    operation: 'dense',
    shape: [elements, 1],
    elements,
    macs: elements,
    fitted: true,
    choices: layerChoices.map((choice) => ({
      ...choice,
      divergence: choice.sparsity * weight,
      measured: choice.sparsity !== 0.95,
      bytes: { raw: elements, gzip: elements * (1 - choice.sparsity), packed: elements / 2, ethosU: elements / 4 },
      cycles: { cortexM: choice.activations === 16 ? undefined : elements * 10, ethosU: elements * (2 - choice.sparsity) },
    })),
  };
}

const layers = [layer('conv', 100, 0.5), layer('dense', 5000, 0.02), layer('head', 40, 2)];
const columns = sensitivityColumns(english);

describe('the heat map of a model', () => {
  it('has a column for each choice that turns one dial', () => {
    expect(columns.map(({ title }) => title)).toEqual([
      'Layer',
      'Operation',
      'Weights',
      'MACs',
      ...['50', '70', '80', '90', '95', '98', '99'].map((zeros) => `${zeros}% zeros`),
      ...['32', '16', '8', '4'].map((values) => `${values} values`),
      '4 bits',
      'int8 activations',
      'int16 activations',
    ]);
  });

  it('sorts by what a choice does to the output, or by the bytes that the cells show', () => {
    const order = { column: '80.0% zeros', descending: true };
    const names = (figure: 'divergence' | 'gzip', filter = '') =>
      sensitivityRows(layers, columns, { figure, filter, order }).map((row) => row.layer);
    expect(names('divergence')).toEqual(['head', 'conv', 'dense']);
    expect(names('gzip')).toEqual(['dense', 'conv', 'head']);
    expect(names('divergence', 'N')).toEqual(['conv', 'dense']);
  });

  it('shows the cycles that a choice saves, and sorts by them', () => {
    const column = columns.find(({ title }) => title === '80% zeros');
    expect(layers.map((each) => column?.text(each, 'cycles ethosU'))).toEqual(['80', '4,000', '32']);
    expect(layers.map((each) => column?.text(each, 'cycles cortexM'))).toEqual(['0', '0', '0']);
    expect(columns.at(-1)?.text(layers[0]!, 'cycles cortexM')).toBe('–');
    expect(savedText(-8100.4)).toBe('−8,100');
    const order = { column: '80.0% zeros', descending: true };
    expect(sensitivityRows(layers, columns, { figure: 'cycles ethosU', filter: '', order }).map((row) => row.layer)).toEqual([
      'dense',
      'conv',
      'head',
    ]);
  });

  it('colours on a logarithmic scale, the same for every model', () => {
    expect([0, 1e-5, 1e-4, 1e-2, 1, 7].map(heatOf)).toEqual([0, 0, 0, expect.closeTo(0.5), 1, 1]);
  });

  it('writes small figures short, and says which are estimates', () => {
    const about = (divergence: number, measured = true) =>
      divergenceText({
        sparsity: 0.5,
        clusters: 0,
        bits: 8,
        divergence,
        measured,
        bytes: { raw: 1, gzip: 1, packed: 1, ethosU: 1 },
        cycles: {},
      });
    expect([about(0), about(0.000087), about(0.0382), about(7.12), about(0.38, false), divergenceText(undefined)]).toEqual([
      '0',
      '9e−5',
      '0.038',
      '7.1',
      '~0.38',
      '–',
    ]);
  });

  it('has zeros by values for one layer, without the 4 bits', () => {
    const [first] = layers;
    const matrix = first === undefined ? [] : layerMatrix(first);
    expect(matrix.map((row) => row.length)).toEqual([8, 8, 8, 8, 8]);
    expect(matrix[2]?.[3]).toMatchObject({ clusters: 16, sparsity: 0.8 });
  });

  it('copies every choice of every layer', () => {
    const lines = sensitivityCsv(layers).trimEnd().split('\n');
    expect(lines).toHaveLength(1 + layers.length * layerChoices.length);
    expect(lines[0]).toBe(
      'layer,operation,weights,macs,sparsity,clusters,bits,activation_bits,divergence,measured,raw_bytes,gzip_bytes,packed_bytes,ethosU_bytes,cortexM_cycles_saved,ethosU_cycles_saved',
    );
    // 200 cycles of the NPU with no zeros, 150 with half of them; a core takes as many.
    expect(lines[2]).toBe('conv,dense,100,100,0.5,0,8,,0.25,true,100,50,50,25,0,50');
    expect(lines[layerChoices.length]).toBe('conv,dense,100,100,0,0,8,16,0,true,100,100,50,25,,0');
  });
});
