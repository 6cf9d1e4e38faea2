/** An object within the arguments, or a list of one, whose members a step says one by one. */
import type { JsonObject } from '../../protocol/types.ts';
import { alternatives, propertiesOf } from '../../schema/signature.ts';
import { type Property, propertyOf } from './property.ts';

/** What is known of it, and the members that it needs besides. */
export interface Part {
  property: string;
  given: JsonObject;
  missing: string[];
}

/** The schema of the object that a parameter is, or is a list of. */
export const itemOf = (schema: unknown, root: JsonObject): JsonObject | undefined => {
  const [type] = alternatives(schema, root);
  const item = type?.type === 'array' ? alternatives(type.items, root)[0] : type;
  return item?.type === 'object' ? { ...item, $defs: root.$defs, definitions: root.definitions } : undefined;
};

/** The object as the parameter wants it. */
export const wrapped = (schema: unknown, given: JsonObject, root: JsonObject): unknown =>
  alternatives(schema, root)[0]?.type === 'array' ? [given] : given;

export const memberNames = (schema: unknown, root: JsonObject): string[] =>
  propertiesOf(itemOf(schema, root) ?? {}).properties.map(([name]) => name);

/** A member of it. */
export const memberOf = ({ schema }: Property, name: string, root: JsonObject): Property => {
  const item = itemOf(schema, root) ?? {};
  const { properties, required } = propertiesOf(item);
  return propertyOf(name, properties.find(([key]) => key === name)?.[1], item, required.has(name));
};

/** As a property of its own whatever a server calls it, `__proto__` too. */
export const give = (object: JsonObject, name: string, value: unknown): void => {
  Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
};
