/** What the recommended file needs of a microcontroller. */
import { drawArena } from '../../../shared/drawing/arena-plan.ts';
import { hardwareFacts, operatorColumns } from '../../../shared/drawing/hardware-text.ts';
import type { HardwareProfile } from '../../../shared/hardware.ts';
import { element, table, text } from './markup.ts';

export function hardwarePart(node: string, profile: HardwareProfile): string {
  const columns = operatorColumns(profile);
  const facts = hardwareFacts(profile).flatMap(([name, fact]) => [element('dt', {}, text(name)), element('dd', {}, text(fact))]);
  return (
    element('p', {}, text(`Of ${node}, from the bytes of its file.`)) +
    element('dl', {}, ...facts) +
    element('div', { class: 'wide', tabindex: 0, role: 'region', 'aria-label': 'Tensor arena' }, drawArena(profile.ram.head)) +
    table(
      `Operators of ${node}`,
      columns,
      profile.operators.map((operator) => columns.map(({ cell }) => cell(operator))),
    )
  );
}
