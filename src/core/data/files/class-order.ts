import { EspalierError } from '../../errors.ts';
import type { ClassOrder } from '../spec/file-collection-spec.ts';

/** @throws EspalierError `invalid-data` where indices leave a gap or name two classes */
export function classNames(order: ClassOrder | undefined): readonly string[] | undefined {
  if (order === undefined || isList(order)) return order;
  const names = Object.entries(order).sort(([, a], [, b]) => a - b);
  if (names.some(([, index], position) => index !== position))
    throw new EspalierError('invalid-data', `its indices are ${names.map(([, index]) => index).join(', ')}, not 0 to ${names.length - 1}`, {
      where: 'data.classes',
      fix: 'give each class an index of its own, counted from 0, as class_to_idx of torchvision does',
    });
  return names.map(([name]) => name);
}

function isList(order: ClassOrder): order is readonly string[] {
  return Array.isArray(order);
}
