/**
 * Requests to DynamoDB, in its JSON.
 *
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html
 */

import { endpointOf } from "./answers";
import type { Config } from "./config";
import type { Transport } from "./transport";

/** What DynamoDB returned: nothing is known of its types. */
export type Item = Record<string, unknown>;

type Attribute = Record<string, unknown>; // such as {"S": "text"}

export class DynamoDb {
  constructor(
    private readonly transport: Transport,
    private readonly config: Pick<Config, "endpoint" | "region">,
  ) {}

  /** Call an operation, such as "Query". */
  async call<Output>(operation: string, input: object): Promise<Output> {
    const { text } = await this.transport.send({
      service: "dynamodb",
      method: "POST",
      url: `${this.config.endpoint ?? endpointOf("dynamodb", this.config.region)}/`,
      headers: { "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": `DynamoDB_20120810.${operation}` },
      body: JSON.stringify(input),
    });
    return JSON.parse(text) as Output;
  }
}

/** Return an item with the types of DynamoDB. Values are texts, numbers, booleans, null, lists and maps. */
export function toDynamo(item: Item): Record<string, Attribute> {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, toAttribute(value)]));
}

function toAttribute(value: unknown): Attribute {
  if (typeof value === "string") return { S: value };
  if (typeof value === "number") return { N: String(value) };
  if (typeof value === "boolean") return { BOOL: value };
  if (value === null) return { NULL: true };
  if (Array.isArray(value)) return { L: value.map(toAttribute) };
  return { M: toDynamo(value as Item) };
}

/** Return an item without the types of DynamoDB. */
export function fromDynamo(item: Record<string, Attribute>): Item {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, fromAttribute(value)]));
}

function fromAttribute(attribute: Attribute): unknown {
  const [[type, value] = []] = Object.entries(attribute);
  switch (type) {
    case "N":
      return Number(value);
    case "NULL":
      return null;
    case "L":
      return (value as Attribute[]).map(fromAttribute);
    case "M":
      return fromDynamo(value as Record<string, Attribute>);
    case "NS":
      return (value as string[]).map(Number);
    default:
      return value; // S, BOOL, SS; B in base64
  }
}
