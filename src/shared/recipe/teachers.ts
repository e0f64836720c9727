/** The models whose predictions a recipe's trainings learn, by the paths that it names them by. */
import { isRecord } from '../checked-json.ts';

/** The path in the options of a stage or of all training; undefined where the trained model teaches, or nothing does. */
export function teacherOf(options: object): string | undefined {
  const distillation = 'distillation' in options ? options.distillation : undefined;
  return isRecord(distillation) && typeof distillation['teacher'] === 'string' ? distillation['teacher'] : undefined;
}

export interface NamedTeacher {
  /** Within the recipe. */
  readonly field: readonly (string | number)[];
  /** As it is written there. */
  readonly path: string;
}

/** Every teacher that a recipe names, for all training and for single techniques. */
export function namedTeachers(recipe: object): readonly NamedTeacher[] {
  return blocksOf(recipe).flatMap(({ field, options }) => {
    const path = teacherOf(options);
    return path === undefined ? [] : [{ field: [...field, 'distillation', 'teacher'], path }];
  });
}

/** A copy of options with the path of their teacher replaced. */
export function withTeacher<Options extends object>(options: Options, change: (path: string) => string): Options {
  const path = teacherOf(options);
  const distillation = 'distillation' in options && isRecord(options.distillation) ? options.distillation : {};
  return path === undefined ? options : { ...options, distillation: { ...distillation, teacher: change(path) } };
}

/** A copy of a recipe with the path of every teacher replaced. */
export function withTeachers(
  recipe: Readonly<Record<string, unknown>>,
  change: (path: string) => string,
): Readonly<Record<string, unknown>> {
  const changed = (options: unknown): unknown =>
    Array.isArray(options) ? options.map(changed) : isRecord(options) ? withTeacher(options, change) : options;
  const { training, techniques } = recipe;
  return {
    ...recipe,
    ...(training === undefined ? {} : { training: changed(training) }),
    ...(isRecord(techniques)
      ? { techniques: Object.fromEntries(Object.entries(techniques).map(([key, options]) => [key, changed(options)])) }
      : {}),
  };
}

interface Block {
  readonly field: NamedTeacher['field'];
  readonly options: object;
}

function blocksOf(recipe: object): readonly Block[] {
  const block = (field: NamedTeacher['field'], options: unknown): readonly Block[] => {
    if (Array.isArray(options)) return options.flatMap((each: unknown, index) => block([...field, index], each));
    return isRecord(options) ? [{ field, options }] : [];
  };
  const techniques = 'techniques' in recipe && isRecord(recipe.techniques) ? Object.entries(recipe.techniques) : [];
  return [
    ...block(['training'], 'training' in recipe ? recipe.training : undefined),
    ...techniques.flatMap(([key, options]) => block(['techniques', key], options)),
  ];
}
