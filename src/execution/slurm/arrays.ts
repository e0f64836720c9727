/** Which stages share a submission: those that ask for the same and wait for the same are one array. */
import type { StageJob } from '../../core/tree/execution/executor.ts';

/** What a job asks for that differs from stage to stage. */
export interface Demand {
  /** Proposed time limit in minutes; undefined for the partition's. */
  readonly minutes: number | undefined;
}

/** Where a stage's job is: an array and the index in it. */
export interface Place {
  readonly submission: number;
  readonly index: number;
}

export interface ArrayTask {
  readonly index: number;
  readonly job: StageJob;
}

/** When an array may start, in terms of submissions. */
export type After =
  undefined | { readonly kind: 'task'; readonly place: Place } | { readonly kind: 'corresponding'; readonly submission: number };

export interface JobArray {
  readonly submission: number;
  readonly demand: Demand;
  readonly after: After;
  readonly tasks: readonly ArrayTask[];
}

export interface ArrayPlan {
  /** Of the first array. */
  readonly firstSubmission: number;
  readonly mostTasks: number;
  demandOf(job: StageJob): Demand;
  /** Where the job of a node is that was submitted before and has not ended. */
  placeOf(node: string): Place | undefined;
}

/**
 * Arrays for jobs of one model, parents before children.
 *
 * Children of one task become one array after that task. Where several tasks of an array have children, the first
 * children of all of them become one array, each after its own parent, and so the second ones: a wide tree takes as many
 * submissions as it has kinds of stages, not as it has stages.
 */
export function planArrays(jobs: readonly StageJob[], plan: ArrayPlan): readonly JobArray[] {
  const arrays: JobArray[] = [];
  const places = new Map<string, Place>();
  const placeOf = (node: string): Place | undefined => places.get(node) ?? plan.placeOf(node);
  const own = new Set(jobs.map(({ entry }) => entry.node.id));
  let level = jobs.filter(({ entry }) => entry.parent === undefined || !own.has(entry.parent.id));
  while (level.length > 0) {
    for (const group of groupsOf(level, plan, placeOf)) {
      for (let start = 0; start < group.tasks.length; start += plan.mostTasks) {
        const submission = plan.firstSubmission + arrays.length;
        const tasks = group.tasks
          .slice(start, start + plan.mostTasks)
          .map(({ index, job }, position) => ({ index: index ?? position, job }));
        for (const { index, job } of tasks) places.set(job.entry.node.id, { submission, index });
        arrays.push({ submission, demand: group.demand, after: group.after, tasks });
      }
    }
    const above = new Set(level.map(({ entry }) => entry.node.id));
    level = jobs.filter(({ entry }) => entry.parent !== undefined && above.has(entry.parent.id));
  }
  return arrays;
}

interface Group {
  readonly demand: Demand;
  readonly after: After;
  /** Tasks without an index are numbered by their position. */
  readonly tasks: { readonly index: number | undefined; readonly job: StageJob }[];
}

function groupsOf(level: readonly StageJob[], plan: ArrayPlan, placeOf: (node: string) => Place | undefined): readonly Group[] {
  const parents = new Map<number, Set<number>>();
  for (const { entry } of level) {
    const place = entry.parent && placeOf(entry.parent.id);
    if (place !== undefined) parents.set(place.submission, (parents.get(place.submission) ?? new Set()).add(place.index));
  }
  const groups = new Map<string, Group>();
  const ordinals = new Map<string, number>();
  for (const job of level) {
    const demand = plan.demandOf(job);
    const place = job.entry.parent && placeOf(job.entry.parent.id);
    const add = (key: string, after: After, index: number | undefined): void => {
      const group = groups.get(key) ?? { demand, after, tasks: [] };
      groups.set(key, group);
      group.tasks.push({ index, job });
    };
    const asked = `${demand.minutes ?? ''}`;
    if (place === undefined) add(asked, undefined, undefined);
    else if (parents.get(place.submission)?.size === 1) add(`${asked} ${place.submission}`, { kind: 'task', place }, undefined);
    else {
      const sibling = `${asked} ${place.submission} ${place.index}`;
      const ordinal = ordinals.get(sibling) ?? 0;
      ordinals.set(sibling, ordinal + 1);
      add(`${asked} ${place.submission} ordinal ${ordinal}`, { kind: 'corresponding', submission: place.submission }, place.index);
    }
  }
  return [...groups.values()].map((group) => ({ ...group, tasks: group.tasks.toSorted((a, b) => (a.index ?? 0) - (b.index ?? 0)) }));
}
