/**
 * The shape of the deployment tree, from the table of techniques: the guide's ten nodes, the two direct quantizations of
 * the trained model, and the controls (a float control, and the plain variants that do not preserve).
 *
 * Each place has the constraints that are in force there. Below it stand the techniques that add a later constraint and
 * keep exactly those, quantization that keeps whatever there is, and as a control the plain technique that keeps none.
 */
import {
  type ConstraintKind,
  constraintOrder,
  preservingTechnique,
  type TechniqueId,
  techniqueIds,
  type TechniqueRow,
  techniqueRow,
} from './techniques.ts';

export interface TreePlace {
  readonly technique: TechniqueId;
  /** Last part of the node's id. */
  readonly name: string;
  /** Title in English: the key of its translation. */
  readonly title: string;
  /** Appears only with `controls` in the recipe. */
  readonly control: boolean;
  readonly children: readonly TreePlace[];
}

export const rootTitle = 'Trained model';

interface Surroundings {
  readonly inForce: ReadonlySet<ConstraintKind>;
  /** Adjectives of the nodes from the root. */
  readonly adjectives: readonly string[];
  /** Of the control that the place stands under. */
  readonly controlNote: string | undefined;
}

/** The places below the trained model, controls included. */
export function treeShape(): readonly TreePlace[] {
  return placesBelow({ inForce: new Set(), adjectives: [], controlNote: undefined });
}

function placesBelow(around: Surroundings): readonly TreePlace[] {
  const places = techniqueIds.flatMap((id) => {
    const role = roleOf(id, around);
    return role === undefined ? [] : [placeOf(id, role === 'control', around)];
  });
  const isRoot = around.adjectives.length === 0;
  // Below the root a model's own files come before what is made of it; controls come last.
  const groups = isRoot ? [places] : [places.filter(isLeaf), places.filter((place) => !isLeaf(place))];
  return groups.flatMap((group) => group.toSorted((a, b) => Number(a.control) - Number(b.control)));
}

function isLeaf({ technique }: TreePlace): boolean {
  return techniqueRow(technique).precision === 'int8';
}

function roleOf(id: TechniqueId, { inForce, adjectives, controlNote }: Surroundings): 'step' | 'control' | undefined {
  const { adds, inherits, trains } = techniqueRow(id);
  if (inherits === 'all') return 'step';
  // Controls serve to compare the files that they quantize to, so those that have none are left out.
  if (controlNote !== undefined || !trains) return undefined;
  if (adds === undefined) return adjectives.length === 0 ? 'control' : undefined;
  if (!isLater(adds, inForce)) return undefined;
  if (preservingTechnique(adds, inForce) === id) return 'step';
  return inherits.length === 0 && inForce.size > 0 ? 'control' : undefined;
}

function isLater(kind: ConstraintKind, inForce: ReadonlySet<ConstraintKind>): boolean {
  return [...inForce].every((other) => constraintOrder.indexOf(other) < constraintOrder.indexOf(kind));
}

function placeOf(technique: TechniqueId, control: boolean, around: Surroundings): TreePlace {
  const row = techniqueRow(technique);
  const isPlain = control && row.adds !== undefined;
  const controlNote = control ? (isPlain ? 'plain control' : 'float control') : around.controlNote;
  const kept = row.inherits === 'all' ? around.inForce : row.inherits;
  return {
    technique,
    name: isPlain ? `plain-${row.node}` : row.node,
    title: withNote(titleOf(row, around.adjectives, isPlain), controlNote),
    control,
    children:
      row.precision === 'int8'
        ? []
        : placesBelow({
            inForce: new Set([...kept, ...(row.adds === undefined ? [] : [row.adds])]),
            adjectives: [...around.adjectives, row.adjective],
            controlNote,
          }),
  };
}

/** `Pruned, clustered model`, `QAT, pruned model`, `QAT pruned, clustered model`, `QAT of the pruned model`. */
function titleOf({ adjective, precision }: TechniqueRow, before: readonly string[], isPlain: boolean): string {
  const model = before.map((word) => word.toLowerCase()).join(', ');
  if (precision === 'fp32') return `${before.length === 0 ? adjective : `${before.join(', ')}, ${adjective.toLowerCase()}`} model`;
  if (before.length === 0) return `${adjective} model`;
  if (isPlain) return `${adjective} of the ${model} model`;
  return `${adjective}${before.length === 1 ? ',' : ''} ${model} model`;
}

function withNote(title: string, note: string | undefined): string {
  return note === undefined ? title : `${title} (${note})`;
}

/** Where a technique stands in the tree that a recipe grows by default: the place nearest to the root. */
export interface DefaultNode {
  readonly technique: TechniqueId;
  readonly id: string;
}

export function defaultNodes(): readonly DefaultNode[] {
  const levels: DefaultNode[] = [];
  let current = treeShape().map((place) => ({ place, id: place.name }));
  while (current.length > 0) {
    for (const { place, id } of current) {
      if (!levels.some(({ technique }) => technique === place.technique)) levels.push({ technique: place.technique, id });
    }
    current = current.flatMap(({ place, id }) => place.children.map((child) => ({ place: child, id: `${id}/${child.name}` })));
  }
  return levels;
}

/** Every label of an edge and every short title: each needs a translation. */
export function techniqueTitles(): readonly string[] {
  return [...new Set(techniqueIds.flatMap((id) => [techniqueRow(id).title, techniqueRow(id).adjective]))];
}

/** Every title of a node: each needs a translation. */
export function nodeTitles(): readonly string[] {
  const titles = (places: readonly TreePlace[]): readonly string[] => places.flatMap(({ title, children }) => [title, ...titles(children)]);
  return [...new Set([rootTitle, ...titles(treeShape())])];
}
