import { readText } from '../docs/markdown';

/** An example in a document or a comment. */
export interface Snippet {
  /** File and number, for messages. */
  readonly name: string;
  readonly code: string;
  /** What it should print: the comments below each `console.log`. */
  readonly prints: readonly string[];
}

/** The TypeScript examples of a file: blocks of a page, or of the comments of a source. */
export function snippetsOf(path: string): Snippet[] {
  const text = path.endsWith('.ts') ? readText(path).replaceAll(/^ \* ?/gm, '') : readText(path);
  return [...text.matchAll(/^```ts\n([^]*?)^```/gm)].map(([, code], index) => ({
    name: `${path} ${index + 1}`,
    code: code!,
    prints: printed(code!),
  }));
}

function printed(code: string): string[] {
  const lines = code.split('\n').map((line) => line.trim());
  const isOutput = (index: number): boolean => {
    if (!lines[index]!.startsWith('// ')) return false;
    const above = lines[index - 1] ?? '';
    return above.startsWith('console.log(') || above === ');' || isOutput(index - 1);
  };
  return lines.filter((_, index) => index > 0 && isOutput(index)).map((line) => line.slice(3));
}
