/**
 * Orders paths by their components, and in these numbers by their values: `batch-2` before `batch-10`, `explanations` before
 * `explanations-gpt`.
 */
export function naturalOrder(a: readonly string[], b: readonly string[]): number {
  for (const [index, component] of a.entries()) {
    const other = b[index];
    if (other === undefined) return 1;
    const order = compareNames(component, other);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareNames(a: string, b: string): number {
  const [left, right] = [a, b].map((name) => name.split(/(\d+)/));
  for (const [index, part] of left!.entries()) {
    const other = right![index];
    if (other === undefined) return 1;
    if (part === other) continue;
    // Every second part is a number.
    const difference = index % 2 === 1 ? Number(part) - Number(other) : 0;
    return difference !== 0 ? difference : part < other ? -1 : 1;
  }
  return left!.length - right!.length;
}
