/** Why a node cannot be converted: caught where nodes are walked, so that all of them are reported at once. */
export class OperatorRefusal extends Error {
  /** What the user can do about it. */
  readonly fix: string | undefined;

  constructor(reason: string, fix?: string) {
    super(reason);
    this.fix = fix;
  }
}

/** `reason` goes on from the operator's name: `with dilations is not supported`. */
export function refuse(reason: string, fix?: string): never {
  throw new OperatorRefusal(reason, fix);
}
