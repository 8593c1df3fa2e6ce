/** Numbers as people read them: separated thousands, figures of one width. */
const whole = new Intl.NumberFormat();
const signed = new Intl.NumberFormat(undefined, { signDisplay: 'always' });
const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];

export const formatNumber = (value: number): string => whole.format(value);

export const formatSigned = (value: number): string => signed.format(value);

export function formatBytes(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  const digits = power === 0 ? 0 : 1;
  return `${(bytes / 1024 ** power).toLocaleString(undefined, { maximumFractionDigits: digits })} ${UNITS[power]}`;
}

export const Count = ({ value }: { value: number }) => <span className="number">{formatNumber(value)}</span>;
