/** The results of a run: text for people, ratios for the next run. A higher ratio is better. */
export interface Report {
  say(line?: string): void;
  ratio(name: string, value: number): void;
  /** A picture beside the text. */
  picture(name: string, svg: string): void;
}

/** What every part is given. */
export interface Bench extends Report {
  /** A directory for files of the run. */
  work: string;
  rounds: number;
  /** Rows or bytes of a full run, as many as this run takes. */
  scaled(full: number): number;
}
