/** Counts with their nouns. */
import { formatNumber } from '../components/number.tsx';

export const plural = (count: number, one: string, many: string): string => (count === 1 ? one : many);

export const rows = (count: number): string => (count === 1 ? '1 row' : `${formatNumber(count)} rows`);

export const files = (count: number): string => (count === 1 ? '1 file' : `${formatNumber(count)} files`);
