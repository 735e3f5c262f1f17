import { ExportRow, inWords } from '../export-row';
import { readJsonLines } from '../json-lines';
import type { DescriptionFiles } from './find-descriptions';

/** The layer that descriptions are read for. */
export interface DescribedSae {
  readonly layer: number;
  readonly features: number;
}

/** What is known of the meaning of the features of a layer. */
export interface FeatureDescriptions {
  /** Null for a feature without one `[features]`. */
  readonly descriptions: readonly (string | null)[];
  readonly rows: number;
  /** Features with a description. */
  readonly described: number;
  /** Features with several that differ. */
  readonly several: number;
  /** Features that have rows, but none with a text. */
  readonly empty: number;
}

/**
 * Reads one description of each feature of a layer: rows in any order, `index` a number or a text. Of several the one is taken
 * whose explainer (`explanationModelName` or `typeName` of its row) comes first in `explainers`; of equals, such as those that are
 * not named there, the first of the first file. White space at the ends is no part of it; one without anything else is none.
 *
 * @param explainers names, the preferred first
 * @param onRow called after every row; it may throw
 * @throws InputError when a row has no index or one outside the SAE, a description that is no text, is of another layer, or of
 * another SAE of this layer than the first row; when a file is damaged
 */
export async function readDescriptions(
  { source, files }: DescriptionFiles,
  sae: DescribedSae,
  explainers: readonly string[] = [],
  onRow: () => void = () => undefined
): Promise<FeatureDescriptions> {
  const pick = new Pick(sae, explainers);
  for (const { path } of files) {
    const file = source.locate(path);
    for await (const line of readJsonLines(source.stream(path), file)) {
      pick.take(new ExportRow(file, line));
      onRow();
    }
  }
  return pick.result();
}

/** Chooses among the rows of each feature. */
class Pick {
  private readonly chosen: (string | null)[];
  /** Place of the explainer of what is chosen among the preferred ones. */
  private readonly rank: Uint32Array;
  private readonly hasRow: Uint8Array;
  private readonly hasSeveral: Uint8Array;
  private rows = 0;
  private sourceName: string | null = null;

  constructor(
    private readonly sae: DescribedSae,
    private readonly explainers: readonly string[]
  ) {
    this.chosen = new Array<string | null>(sae.features).fill(null);
    this.rank = new Uint32Array(sae.features);
    this.hasRow = new Uint8Array(sae.features);
    this.hasSeveral = new Uint8Array(sae.features);
  }

  take(row: ExportRow): void {
    const index = row.indexIn(this.sae);
    this.checkSource(row);
    this.rows += 1;
    this.hasRow[index] = 1;
    const text = textOf(row);
    if (text === '') return;
    const rank = this.rankOf(row);
    const earlier = this.chosen[index] ?? null;
    if (earlier !== null && earlier !== text) this.hasSeveral[index] = 1;
    if (earlier !== null && rank >= this.rank[index]!) return;
    this.chosen[index] = text;
    this.rank[index] = rank;
  }

  result(): FeatureDescriptions {
    const described = this.chosen.filter((text) => text !== null).length;
    const count = (flags: Uint8Array): number => flags.reduce((sum, flag) => sum + flag, 0);
    return {
      descriptions: this.chosen,
      rows: this.rows,
      described,
      several: count(this.hasSeveral),
      empty: count(this.hasRow) - described,
    };
  }

  private rankOf(row: ExportRow): number {
    const names = [row.field('explanationModelName'), row.field('typeName')];
    const rank = this.explainers.findIndex((explainer) => names.includes(explainer));
    return rank < 0 ? this.explainers.length : rank;
  }

  private checkSource(row: ExportRow): void {
    const name = row.source()?.name;
    if (name === undefined) return;
    this.sourceName ??= name;
    if (name === this.sourceName) return;
    throw row.wrong(
      'layer',
      inWords(name),
      `${inWords(this.sourceName)}, as in the first row`,
      'Name the descriptions of one SAE a layer.'
    );
  }
}

function textOf(row: ExportRow): string {
  const description = row.field('description') ?? '';
  if (typeof description === 'string') return wellFormed(description.trim());
  throw row.wrong('description', inWords(description), 'a text');
}

/** Halves of characters, which no UTF-8 file can hold, become U+FFFD. */
const wellFormed = (text: string): string => Buffer.from(text).toString();
