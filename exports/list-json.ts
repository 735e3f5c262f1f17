/**
 * A JSON object whose last field is a long array: the other fields first, each on a line of its own, then an element a line.
 *
 * @param items the elements as JSON; each is asked for when those before it have been written
 */
export async function* listJson(
  head: object,
  name: string,
  items: Iterable<string> | AsyncIterable<string>
): AsyncGenerator<string> {
  yield '{\n';
  for (const [field, value] of Object.entries(head)) yield `${JSON.stringify(field)}:${JSON.stringify(value)},\n`;
  yield `${JSON.stringify(name)}:[`;
  let separator = '\n';
  for await (const item of items) {
    yield separator + item;
    separator = ',\n';
  }
  yield '\n]\n}\n';
}
