/**
 * The stop rule of an upload: after how many invalid rows its file is paused, `100`, or from what share of them on, `5%`. It is judged
 * after each chunk; a file that has one is cut into chunks of at most `limits.stopRuleChunkRows` rows.
 */
import { limits } from '../limits.ts';

/** What of a file a rule is judged by. */
export interface Decided {
  rows: number;
  invalid: number;
}

const FORM = /^(?:([1-9]\d{0,8})|(\d{1,3}(?:\.\d{1,2})?)%)$/;

export const STOP_RULE_FORM = 'is neither a number of rows such as 100 nor a share of them such as 5%';

/** Whether the text is a rule: a number of rows of 1 or more, or a share above 0 and up to 100 %. */
export function isStopRule(text: string): boolean {
  const match = FORM.exec(text);
  if (!match) return false;
  const [, , share] = match;
  return share === undefined || (Number(share) > 0 && Number(share) <= 100);
}

/** A number counts from the first row on, a share from `limits.stopShareFromRows` on. */
export function isReached(rule: string, { rows, invalid }: Decided): boolean {
  if (!rule.endsWith('%')) return invalid >= Number(rule);
  // In hundredths of a percent, so that nothing is rounded.
  const share = Math.round(Number(rule.slice(0, -1)) * 100);
  return rows >= limits.stopShareFromRows && invalid * 10_000 >= share * rows;
}
