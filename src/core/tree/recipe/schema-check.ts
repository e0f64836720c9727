/**
 * Checks a JSON document against a JSON schema of the kind that is generated from our types, with the place of each
 * finding in the text. Of the alternatives in `anyOf` the one whose constants fit (`format`, `kind`) is reported on,
 * so that a mistake in one field does not become "matches none of ten alternatives".
 */
import { getNodePath } from 'jsonc-parser';
import type { Node } from 'jsonc-parser';
import type { DiagnosticCode, RecipeDiagnostic } from '../../../shared/recipe-diagnostics.ts';
import { closest } from '../../closest.ts';

/** Discriminators: fields whose constant selects one of the alternatives of an object. */
export const discriminators = ['format', 'kind'] as const;

/** Of one list: nobody reads more, and the place of each has to be looked for. */
const MOST_FINDINGS = 100;

export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema | undefined>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema | readonly JsonSchema[];
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly anyOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly pattern?: string;
  readonly definitions?: Readonly<Record<string, JsonSchema>>;
}

export function checkAgainstSchema(root: Node, schema: JsonSchema): readonly RecipeDiagnostic[] {
  return new SchemaCheck(schema).check(root, schema);
}

class SchemaCheck {
  readonly #definitions: Readonly<Record<string, JsonSchema>>;

  constructor(schema: JsonSchema) {
    this.#definitions = schema.definitions ?? {};
  }

  check(node: Node, given: JsonSchema): readonly RecipeDiagnostic[] {
    const schema = this.#resolve(given);
    if (schema.anyOf !== undefined) return this.#checkAlternatives(node, schema.anyOf);
    const constants = constantsOf(schema);
    if (constants !== undefined && !constants.includes(node.value)) {
      return [finding(node, 'out-of-range', `${textOf(node)} is not one of ${list(constants)}`, nearestFirst(node, constants.map(String)))];
    }
    const types = typesOf(schema);
    if (types.length > 0 && !types.some((type) => hasType(node, type))) {
      return [finding(node, 'wrong-type', `expected ${types.map(article).join(' or ')}, found ${article(typeOf(node))}`)];
    }
    switch (node.type) {
      case 'object':
        return this.#checkObject(node, schema);
      case 'array':
        return this.#checkArray(node, schema);
      case 'number':
        return checkNumber(node, schema);
      case 'string':
        return schema.pattern === undefined || new RegExp(schema.pattern, 'u').test(String(node.value))
          ? []
          : [finding(node, 'out-of-range', `${textOf(node)} does not have the form ${schema.pattern}`)];
      default:
        return [];
    }
  }

  #resolve(schema: JsonSchema): JsonSchema {
    const name = schema.$ref?.replace('#/definitions/', '');
    const target = name === undefined ? undefined : this.#definitions[decodeURIComponent(name)];
    return target === undefined ? schema : this.#resolve(target);
  }

  #checkAlternatives(node: Node, alternatives: readonly JsonSchema[]): readonly RecipeDiagnostic[] {
    const flat = alternatives.flatMap((alternative) => this.#flatten(alternative));
    const results = flat.map((alternative) => ({ alternative, findings: this.check(node, alternative) }));
    const fitting = results.find(({ findings }) => findings.length === 0);
    if (fitting !== undefined) return [];
    const sameType = results.filter(
      ({ alternative }) => constantsOf(alternative) === undefined && typesOf(alternative).some((type) => hasType(node, type)),
    );
    if (sameType.length === 0) return [unexpected(node, flat)];
    return this.#checkDiscriminated(node, sameType);
  }

  /**
   * Alternatives with a discriminator: reports a wrong or missing discriminator, or the findings of the selected
   * alternative.
   */
  #checkDiscriminated(
    node: Node,
    candidates: readonly { readonly alternative: JsonSchema; readonly findings: readonly RecipeDiagnostic[] }[],
  ): readonly RecipeDiagnostic[] {
    for (const discriminator of discriminators) {
      const options = candidates.flatMap(({ alternative, findings }) => {
        const property = alternative.properties?.[discriminator];
        const constant = property === undefined ? undefined : this.#resolve(property);
        const names = constant === undefined ? [] : (constantsOf(constant) ?? []);
        return names.map((name) => ({ name, findings }));
      });
      if (options.length < 2) continue;
      const property = propertyOf(node, discriminator);
      const names = options.map(({ name }) => String(name));
      if (property === undefined)
        return [finding(node, 'missing-field', `"${discriminator}" is missing; it is one of ${list(names)}`, names)];
      const chosen = options.find(({ name }) => name === property.value);
      if (chosen === undefined)
        return [
          finding(property, 'out-of-range', `${textOf(property)} is not one of ${list(names)}`, closest(String(property.value), names)),
        ];
      return chosen.findings;
    }
    return candidates.map(({ findings }) => findings).reduce((fewest, findings) => (findings.length < fewest.length ? findings : fewest));
  }

  #flatten(schema: JsonSchema): readonly JsonSchema[] {
    const resolved = this.#resolve(schema);
    return resolved.anyOf === undefined ? [resolved] : resolved.anyOf.flatMap((alternative) => this.#flatten(alternative));
  }

  #checkObject(node: Node, schema: JsonSchema): readonly RecipeDiagnostic[] {
    const known = Object.keys(schema.properties ?? {});
    const findings: RecipeDiagnostic[] = [];
    const present = new Set<string>();
    for (const property of node.children ?? []) {
      const [key, value] = property.children ?? [];
      if (key === undefined) continue;
      const name = String(key.value);
      present.add(name);
      const expected =
        schema.properties?.[name] ?? (typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined);
      if (expected === undefined) {
        if (schema.additionalProperties !== false) continue;
        const suggestions = closest(
          name,
          known.filter((other) => !present.has(other)),
        );
        const [best] = suggestions;
        findings.push(
          finding(
            key,
            'unknown-field',
            `there is no field "${name}" here; ${best === undefined ? `use any of ${list(known)}` : `did you mean "${best}"?`}`,
            suggestions,
          ),
        );
      } else if (value !== undefined) {
        findings.push(...this.check(value, expected));
      }
    }
    for (const name of schema.required ?? []) {
      if (!present.has(name)) findings.push(finding(node, 'missing-field', `"${name}" is missing`, [name]));
    }
    return findings;
  }

  #checkArray(node: Node, { items, minItems, maxItems }: JsonSchema): readonly RecipeDiagnostic[] {
    const entries = node.children ?? [];
    if (minItems !== undefined && entries.length < minItems)
      return [finding(node, 'out-of-range', `expected at least ${minItems} entries, found ${entries.length}`)];
    if (maxItems !== undefined && entries.length > maxItems)
      return [finding(node, 'out-of-range', `expected at most ${maxItems} entries, found ${entries.length}`)];
    const findings: RecipeDiagnostic[] = [];
    for (const [index, entry] of entries.entries()) {
      const expected = isTuple(items) ? items[index] : items;
      if (expected !== undefined) findings.push(...this.check(entry, expected));
      if (findings.length > MOST_FINDINGS) return [...findings, finding(node, 'wrong-type', `has more than ${MOST_FINDINGS} mistakes`)];
    }
    return findings;
  }
}

/** The finding for a value that matches none of the allowed types or constants. */
function unexpected(node: Node, alternatives: readonly JsonSchema[]): RecipeDiagnostic {
  const constants = alternatives.flatMap((alternative) => constantsOf(alternative) ?? []);
  const types = alternatives.filter((alternative) => constantsOf(alternative) === undefined).flatMap(typesOf);
  const expected = [...new Set([...constants.map((constant) => JSON.stringify(constant)), ...types.map(article)])];
  const names = constants.filter((constant) => typeof constant === 'string');
  const code = typeof node.value === 'string' && names.length > 0 ? 'out-of-range' : 'wrong-type';
  return finding(node, code, `${textOf(node)}: expected ${expected.join(' or ')}`, names);
}

/** The values that a schema allows, where it lists them. */
function constantsOf(schema: JsonSchema): readonly unknown[] | undefined {
  return schema.const === undefined ? schema.enum : [schema.const];
}

/** All names, those that are meant most likely first. */
function nearestFirst(node: Node, names: readonly string[]): readonly string[] {
  return [...new Set([...closest(String(node.value), names), ...names])];
}

function isTuple(items: JsonSchema['items']): items is readonly JsonSchema[] {
  return Array.isArray(items);
}

function checkNumber(node: Node, { minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema): readonly RecipeDiagnostic[] {
  const value = Number(node.value);
  const low = minimum ?? exclusiveMinimum;
  const high = maximum ?? exclusiveMaximum;
  const inside =
    (minimum === undefined || value >= minimum) &&
    (maximum === undefined || value <= maximum) &&
    (exclusiveMinimum === undefined || value > exclusiveMinimum) &&
    (exclusiveMaximum === undefined || value < exclusiveMaximum);
  if (inside) return [];
  const range = [
    ...(low === undefined ? [] : [minimum === undefined ? `above ${low}` : `at least ${low}`]),
    ...(high === undefined ? [] : [maximum === undefined ? `below ${high}` : `at most ${high}`]),
  ];
  return [finding(node, 'out-of-range', `${value} is out of range: it must be ${range.join(' and ')}`)];
}

function typesOf(schema: JsonSchema): readonly string[] {
  return schema.type === undefined ? [] : typeof schema.type === 'string' ? [schema.type] : schema.type;
}

function typeOf(node: Node): string {
  return node.type;
}

function hasType(node: Node, type: string): boolean {
  return type === 'integer' ? node.type === 'number' && Number.isInteger(node.value) : node.type === type;
}

function propertyOf(node: Node, name: string): Node | undefined {
  return node.children?.find((property) => property.children?.[0]?.value === name)?.children?.[1];
}

function textOf(node: Node): string {
  return node.value === undefined ? article(node.type) : JSON.stringify(node.value);
}

function article(type: string): string {
  return type === 'null' ? 'null' : `${/^[aeio]/.test(type) ? 'an' : 'a'} ${type}`;
}

function list(values: readonly unknown[]): string {
  return values.map((value) => JSON.stringify(value)).join(', ');
}

function finding(node: Node, code: DiagnosticCode, message: string, suggestions: readonly string[] = []): RecipeDiagnostic {
  return { severity: 'error', code, message, offset: node.offset, length: node.length, path: getNodePath(node), suggestions };
}
